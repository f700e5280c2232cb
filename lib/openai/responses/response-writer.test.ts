/**
 * Goal: a stream's events add up, by the official client's own accumulation, to the whole reply, and come
 * in the documented order.
 * Method: worker's events by hand and by seed through the writer, and the package's accumulator over what
 * comes out.
 */
import { accumulateResponse } from "openai/lib/responses/ResponseAccumulator";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import type { ResponseEvent } from "./event";
import { isResponseId, responseIdOfItem, toResponseId } from "./item";
import { responseRequestSchema } from "./request";
import { CANCELLED, toFailure, toResponseBody } from "./response-object";
import { type ResponseInput, ResponseWriter } from "./response-writer";

const id = toResponseId("018f0000-0000-7000-8000-000000000000", "f".repeat(32));
const start: ResponseInput = {
  ...{ type: "generation-start", model: "m", build: "0".repeat(64), promptTokens: 10 },
  ...{ sampling: { temperature: 0.7, topP: 0.9, seed: 1 }, maxTokens: 100 },
};
const usage = { promptTokens: 10, completionTokens: 9, cachedPromptTokens: 4 };
const timing = { queuedMs: 0, firstTokenMs: 0, durationMs: 0 };
const end = (finishReason: "stop" | "length" | "tool-calls") => ({
  ...{ type: "generation-end" as const, finishReason, usage, timing },
});
const say = (text: string): ResponseInput => ({ type: "text-delta", text, tokens: 1 });
const think = (text: string): ResponseInput => ({ type: "reasoning-delta", text, tokens: 2 });
const call = (index: number): ResponseInput => ({
  ...{ type: "tool-call-start", index, id: `call_${index}`, name: "f" },
});
const argue = (index: number, text: string): ResponseInput => ({
  ...{ type: "tool-call-delta", index, text, tokens: 1 },
});
const score = (text: string): ResponseInput => ({
  ...{ type: "token-log-probability", id: 1, bytes: [...Buffer.from(text)], logProbability: -1 },
  alternatives: [],
});

function write(
  more: Record<string, unknown>,
  inputs: ResponseInput[],
  finish: "stop" | "length" | "tool-calls",
) {
  const request = responseRequestSchema.parse({ model: "asked", input: "hi", ...more });
  const body = toResponseBody(request, { id, now: new Date(1_700_000_000_000) });
  const writer = new ResponseWriter(body, { includesLogProbabilities: "include" in more });
  const events = request.background ? writer.queue() : [];
  for (const input of [start, ...inputs]) events.push(...writer.add(input));
  events.push(...writer.finish(writer.toEnd(end(finish), new Date(1_700_000_005_000))));
  return { events, response: writer.response };
}

/** As the official client does; the events themselves are as JSON carries them. */
function accumulate(events: readonly ResponseEvent[]) {
  let snapshot: ReturnType<typeof accumulateResponse> | undefined;
  // Ours are the package's, as the tests over the wire see too.
  const carried = JSON.parse(JSON.stringify(events)) as ResponseStreamEvent[];
  for (const event of carried) snapshot = accumulateResponse(event, snapshot);
  return snapshot;
}

function expectSound(events: readonly ResponseEvent[]) {
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
}

/** What the deltas alone add up to, without what the last event repeats. */
function withoutLast(events: readonly ResponseEvent[]) {
  return accumulate(events.slice(0, -1))?.output;
}

test("a message", () => {
  const { events, response } = write({}, [say("a"), say(" b")], "stop");
  expect(events.map(({ type }) => type)).toEqual([
    ...["response.created", "response.in_progress", "response.output_item.added"],
    ...["response.content_part.added", "response.output_text.delta", "response.output_text.delta"],
    ...["response.output_text.done", "response.content_part.done", "response.output_item.done"],
    "response.completed",
  ]);
  expectSound(events);
  expect(response).toMatchObject({
    ...{ id, object: "response", status: "completed", model: "m", created_at: 1_700_000_000 },
    ...{ completed_at: 1_700_000_005, temperature: 0.7, top_p: 0.9, error: null },
    ...{ incomplete_details: null, instructions: null, metadata: {}, store: true },
    usage: {
      ...{ input_tokens: 10, output_tokens: 9, total_tokens: 19 },
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  });
  const part = { type: "output_text", text: "a b", annotations: [], logprobs: [] };
  const [item] = response.output;
  expect(item).toMatchObject({
    ...{ type: "message", role: "assistant", status: "completed", content: [part] },
  });
  expect(responseIdOfItem(item?.id ?? "")).toBe(id);
  expect(isResponseId(id)).toBe(true);
});

test("reasoning comes as content, or as the summary that was asked for", () => {
  const inputs = [think("hm "), think("so"), say("x")];
  const plain = write({}, inputs, "stop");
  expect(plain.response.output[0]).toMatchObject({
    ...{ type: "reasoning", status: "completed", summary: [] },
    content: [{ type: "reasoning_text", text: "hm so" }],
  });
  expect(plain.response.usage?.output_tokens_details.reasoning_tokens).toBe(4);
  const summed = write({ reasoning: { summary: "auto" } }, inputs, "stop");
  expect(summed.response.reasoning).toEqual({ effort: null, summary: "auto" });
  expect(summed.response.output[0]).toMatchObject({
    ...{ type: "reasoning", summary: [{ type: "summary_text", text: "hm so" }] },
  });
  expect(summed.response.output[0]).not.toHaveProperty("content");
  for (const { events, response } of [plain, summed]) {
    expect(withoutLast(events)).toEqual(response.output);
  }
  expect(summed.events.map(({ type }) => type).slice(2, 8)).toEqual([
    ...["response.output_item.added", "response.reasoning_summary_part.added"],
    ...["response.reasoning_summary_text.delta", "response.reasoning_summary_text.delta"],
    ...["response.reasoning_summary_text.done", "response.reasoning_summary_part.done"],
  ]);
});

test("calls, one after the other, behind a message", () => {
  const inputs = [
    say("Let me see."),
    call(0),
    argue(0, '{"a"'),
    argue(0, ":1}"),
    call(1),
    argue(1, "{}"),
  ];
  const { events, response } = write({}, inputs, "tool-calls");
  expect(response.status).toBe("completed");
  expect(response.output.slice(1)).toMatchObject([
    {
      type: "function_call",
      call_id: "call_0",
      name: "f",
      arguments: '{"a":1}',
      status: "completed",
    },
    { type: "function_call", call_id: "call_1", name: "f", arguments: "{}", status: "completed" },
  ]);
  expect(withoutLast(events)).toEqual(response.output);
  const done = events.find(({ type }) => type === "response.function_call_arguments.done");
  expect(done).toMatchObject({ name: "f", arguments: '{"a":1}', output_index: 1 });
});

test("an answer that is cut says so", () => {
  const { events, response } = write({}, [say("a")], "length");
  expect(response).toMatchObject({
    ...{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    ...{ completed_at: null, output: [{ status: "incomplete" }] },
  });
  expect(events.at(-1)?.type).toBe("response.incomplete");
});

test("an answer without a word is an empty message, unless it was cut or is calls", () => {
  expect(write({}, [], "stop").response.output).toMatchObject([{ content: [{ text: "" }] }]);
  expect(write({}, [think("hm")], "stop").response.output).toHaveLength(2);
  expect(write({}, [think("hm")], "length").response.output).toHaveLength(1);
  expect(write({}, [call(0)], "tool-calls").response.output).toHaveLength(1);
});

test("scores stand at the text they are of", () => {
  const include = ["message.output_text.logprobs"];
  const inputs = [score("a"), say("a"), score(" b"), say(" b")];
  const { events, response } = write({ include }, inputs, "stop");
  const [item] = response.output;
  const tokens = item?.type === "message" && item.content[0]?.logprobs.map(({ token }) => token);
  expect(tokens).toEqual(["a", " b"]);
  expect(accumulate(events)?.output).toEqual(response.output);
});

test("NUL becomes a sign that can be stored", () => {
  const { response } = write({}, [say("a\0b"), call(0), argue(0, "\0")], "tool-calls");
  expect(JSON.stringify(response)).not.toContain("\\u0000");
  expect(response.output).toMatchObject([
    { content: [{ text: "a\ufffdb" }] },
    { arguments: "\ufffd" },
  ]);
});

describe("an end before the end", () => {
  const open = () => {
    const request = responseRequestSchema.parse({ model: "asked", input: "hi", background: true });
    const body = toResponseBody(request, { id, now: new Date() });
    const writer = new ResponseWriter(body, { includesLogProbabilities: false });
    return { writer, queued: writer.queue() };
  };

  test("failed: the response with what it said", () => {
    const { writer, queued } = open();
    const events = [...queued, ...writer.add(start), ...writer.add(say("a"))];
    events.push(...writer.finish(toFailure({ code: "worker-lost", message: "Lost." })));
    expectSound(events);
    expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
      ...["response.created", "response.queued", "response.in_progress"],
    ]);
    const error = { code: "server_error", message: "Lost." };
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error },
    });
    expect(accumulate(events)).toMatchObject({ status: "failed", output_text: "a" });
    expect(writer.response.output).toMatchObject([{ status: "incomplete" }]);
  });

  test("cancelled before a worker said a word", () => {
    const { writer } = open();
    expect(writer.finish(CANCELLED)).toMatchObject([
      {
        type: "response.incomplete",
        response: { status: "cancelled", output: [], model: "asked" },
      },
    ]);
  });
});

test("any answer adds up to itself", () => {
  const seed = Number(process.env.SEED ?? 20_260_301);
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const inputs: ResponseInput[] = [];
    let calls = 0;
    for (let step = 0; step < random() * 12; step++) {
      const drawn = Math.floor(random() * 4);
      if (drawn === 0) inputs.push(say(random() < 0.2 ? "" : "wörd "));
      else if (drawn === 1) inputs.push(think("hm "));
      else inputs.push(call(calls), argue(calls++, "{"), argue(calls - 1, "}"));
    }
    const more = {
      ...(random() < 0.5 && { reasoning: { summary: "auto" } }),
      ...(random() < 0.5 && { background: true }),
    };
    const { events, response } = write(more, inputs, random() < 0.8 ? "stop" : "length");
    expectSound(events);
    expect(withoutLast(events), `seed ${seed}, round ${round}`).toEqual(response.output);
    const whole = accumulate(events);
    expect(whole).toMatchObject(JSON.parse(JSON.stringify(response)));
  }
});
