/** Goal: a worker's stream ends as it ended, also at workers that say little of it. */
import { describe, expect, test, vi } from "vitest";
import { conversationSchema } from "@/lib/adapters/conversation-record";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { VICUNA } from "./__fixtures__/fastchat-worker";
import { toPythonJson } from "./__fixtures__/python-json";
import { type Plan, toEvents } from "./generation";

const plan = (more: Partial<Plan> = {}): Plan => ({
  request: { requestId: "r", model: "m", messages: [], sampling: {}, stop: ["END"] },
  template: conversationSchema.parse({ ...VICUNA, stop_str: "###" }),
  ...{ prompt: "p", promptTokens: 3, maxTokens: 10, build: "b", arrivedMs: performance.now() },
  ...more,
});

async function* body(chunks: object[]) {
  for (const chunk of chunks) yield Buffer.from(`${toPythonJson(chunk)}\0`);
}

const stop = vi.fn();
const countTokens = vi.fn(async (text: string) => text.length);

async function read(chunks: object[], more?: Partial<Plan>): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  for await (const event of toEvents(body(chunks), plan(more), { countTokens, stop })) {
    events.push(event);
  }
  return events;
}

const chunk = (text: string, more: object = {}) => ({ text, error_code: 0, ...more });
const textOf = (events: GenerateEvent[]) =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

describe("an answer", () => {
  test("ends by the worker's word, and with its counts", async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 2 };
    const events = await read([
      chunk("One", { usage: { completion_tokens: 1 }, finish_reason: "" }),
      chunk("One two", { usage, finish_reason: null }),
      chunk("One two", { usage, finish_reason: "length" }),
    ]);
    expect(events.map((event) => event.type)).toEqual([
      ...["generation-start", "text-delta", "text-delta", "generation-end"],
    ]);
    expect(events[0]).toMatchObject({ promptTokens: 3, sampling: { temperature: 1, topP: 1 } });
    expect(events.at(-1)).toMatchObject({
      ...{ finishReason: "length", usage: { promptTokens: 3, completionTokens: 2 } },
    });
    expect(stop).not.toHaveBeenCalled();
  });

  test("of a worker that tells neither its end nor its tokens is counted, and ends by its length", async () => {
    const short = await read([chunk("One")]);
    expect(short.at(-1)).toMatchObject({ finishReason: "stop", usage: { completionTokens: 3 } });
    const full = await read([chunk("One two thr")]);
    expect(full.at(-1)).toMatchObject({ finishReason: "length", usage: { completionTokens: 10 } });
    const free = await read([chunk("One", { usage: { completion_tokens: 0 } })]);
    expect(free.at(-1)).toMatchObject({ usage: { completionTokens: 3 } });
    const empty = await read([chunk("")]);
    expect(empty.at(-1)).toMatchObject({ finishReason: "stop", usage: { completionTokens: 0 } });
  });

  test("ends before a stop string, of which only the request's own is told", async () => {
    const asked = await read([chunk("One END two"), chunk("One END two three")]);
    expect([textOf(asked), asked.at(-1)]).toMatchObject([
      "One ",
      { finishReason: "stop", stopString: "END" },
    ]);
    expect(stop).toHaveBeenCalledOnce();
    const templates = await read([chunk("One ### two")]);
    expect(textOf(templates)).toBe("One ");
    expect(templates.at(-1)).not.toHaveProperty("stopString");
  });

  test.each([
    ["breaks off without a word", [], "half-way"],
    ["is given up by the worker", [chunk("One", { finish_reason: "abort" })], "half-way"],
    ["fails", [chunk("One"), { text: "exception", error_code: 50002 }], "ran out of memory"],
    ["is no chunk of FastChat's", [{ words: "One" }], "does not have"],
  ])("that %s is an error", async (_name, chunks, message) => {
    await expect(read(chunks)).rejects.toThrow(message);
  });
});
