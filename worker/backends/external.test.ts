/**
 * Goal: a request reaches each provider in its own form, and its answer comes back in ours.
 * Method: the backend with the SDK's real packages before servers that speak the providers' wires.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { FILTERED } from "@/lib/stand-ins/provider-answer";
import { backendContract } from "../backend-contract";
import { startTried, TRIED_PROVIDERS, type Tried } from "./external-testing";

const never = new AbortController().signal;
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WEATHER = {
  name: "get_weather",
  description: "The weather of a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};
const CLOCK = { ...WEATHER, name: "get_time" };

function ask(model: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    ...{ requestId: "external", model, sampling: {}, stop: [] },
    ...{ messages: [textMessage("user", "What does a lantern say?")], ...changes },
  };
}

async function collect(events: AsyncIterable<GenerateEvent>) {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  const joined = (type: "text-delta" | "reasoning-delta") =>
    all.map((it) => (it.type === type ? it.text : "")).join("");
  const calls = all.flatMap((it) =>
    it.type === "tool-call-start" ? [{ index: it.index, id: it.id, name: it.name }] : [],
  );
  const end = all.at(-1);
  if (end?.type !== "generation-end") throw new Error(`ended with ${end?.type}`);
  return {
    ...{
      all,
      end,
      start: all[0],
      text: joined("text-delta"),
      reasoning: joined("reasoning-delta"),
    },
    calls: calls.map((call) => ({
      ...call,
      arguments: all
        .map((it) => (it.type === "tool-call-delta" && it.index === call.index ? it.text : ""))
        .join(""),
    })),
  };
}

for (const provider of TRIED_PROVIDERS) {
  backendContract(`external before ${provider}`, async () => await startTried(provider));
}

describe.each(TRIED_PROVIDERS)("%s", (provider) => {
  let tried: Tried;
  beforeAll(async () => {
    tried = await startTried(provider);
  });
  afterAll(async () => await tried.close());
  const run = (changes: Partial<GenerateRequest> = {}) =>
    collect(tried.backend.generate(ask(tried.model, changes), never));
  const fields = () => new Set(tried.backend.card().models[0]?.fields);
  const body = () => JSON.stringify(tried.server.asked.at(-1)?.body);

  test("text, usage and times come back", async () => {
    const { start, end, text, all } = await run({ sampling: { temperature: 0 } });
    expect(start).toMatchObject({
      ...{ type: "generation-start", model: "shown", maxTokens: 2_048 },
      sampling: { temperature: 0 },
    });
    expect(text.split(" ").length).toBeGreaterThan(10);
    expect(end.finishReason).toBe("stop");
    expect(end.usage.promptTokens).toBeGreaterThan(4);
    const told = all.flatMap((it) => (it.type === "text-delta" ? [it.tokens] : []));
    expect(end.usage.completionTokens).toBeGreaterThanOrEqual(told.length);
    expect(end.timing.durationMs).toBeGreaterThanOrEqual(end.timing.firstTokenMs);
  });

  test("the limit is told upstream and ends with length", async () => {
    const { end, start } = await run({ maxTokens: 16, sampling: { temperature: 0 } });
    expect(start).toMatchObject({ maxTokens: 16 });
    expect(end.finishReason).toBe("length");
    expect(end.usage.completionTokens).toBe(16);
    expect(body()).toMatch(/16/);
  });

  test("a tool is called, demanded or not, and its answer goes back", async () => {
    const toolRequest = { tools: [WEATHER], choice: "required" as const, isParallel: true };
    const first = await run({ toolRequest });
    expect(first.end.finishReason).toBe("tool-calls");
    expect(first.calls).toMatchObject([{ index: 0, name: "get_weather" }]);
    expect(JSON.parse(first.calls[0]!.arguments)).toEqual({ city: "lantern" });
    const { id, name, arguments: said } = first.calls[0]!;
    const { text } = await run({
      toolRequest: { ...toolRequest, choice: "auto" },
      messages: [
        textMessage("user", "How is it outside?"),
        { role: "assistant", content: [], toolCalls: [{ id, name, arguments: said }] },
        { ...textMessage("tool", "It rains in Bergen."), toolCallId: id },
      ],
    });
    expect(text).not.toBe("");
    expect(body()).toContain("It rains in Bergen.");
  });

  test("several calls of one answer are told apart", async () => {
    // Its stand-in makes one.
    if (provider === "openai") return;
    const { calls } = await run({
      messages: [textMessage("user", "Use get_weather and get_time.")],
      toolRequest: { tools: [WEATHER, CLOCK], choice: "auto", isParallel: true },
    });
    expect(calls.map(({ index, name }) => [index, name])).toEqual([
      [0, "get_weather"],
      [1, "get_time"],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  test("an image is sent in the provider's form", async () => {
    const before = (await run()).end.usage.promptTokens;
    const image = { type: "image" as const, mediaType: "image/png" as const, data: PIXEL };
    const text = { type: "text" as const, text: "What does a lantern say?" };
    const { end } = await run({ messages: [{ role: "user", content: [text, image] }] });
    expect(body()).toContain(PIXEL);
    if (provider !== "openai") expect(end.usage.promptTokens).toBe(before + 100);
  });

  test("an answer by a schema keeps to it, or is refused by name", async () => {
    const { type, properties, required, additionalProperties } = WEATHER.parameters;
    const schema = { type, properties, required, additionalProperties };
    const { text } = await run({ grammar: { type: "json-schema", schema } });
    // Bedrock's Claude of that age is shown a tool of that form instead, which the SDK tells as text.
    expect(JSON.parse(text)).toHaveProperty("city");
    for (const grammar of [
      { type: "regex" as const, pattern: "a+" },
      { type: "choice" as const, choices: ["a"] },
    ]) {
      await expect(run({ grammar })).rejects.toMatchObject({
        ...{ code: "unsupported-parameter", param: "grammar" },
      });
    }
  });

  test("what the provider cannot be asked for is refused before it is asked", async () => {
    const before = tried.server.asked.length;
    const wishes: [string, Partial<GenerateRequest>][] = [
      ["sampling.minP", { sampling: { minP: 0.1 } }],
      ["sampling.seed", { sampling: { seed: 5 } }],
      ["logProbabilityCount", { logProbabilityCount: 2 }],
      ["reasoningEffort", { reasoningEffort: "high" }],
      ["stop", { stop: ["x"] }],
      ["minTokens", { minTokens: 5 }],
    ];
    const refused = wishes.filter(([field]) => !fields().has(field as never));
    expect(refused.length).toBeGreaterThan(3);
    for (const [param, changes] of refused) {
      await expect(run(changes), param).rejects.toMatchObject({
        ...{ code: "unsupported-parameter", param },
      });
    }
    expect(tried.server.asked).toHaveLength(before);
  });

  test("an answer that the provider's filter withholds is an error, and no short answer", async () => {
    if (provider === "openai") return;
    const messages = [textMessage("user", `Tell me of ${FILTERED}.`)];
    await expect(run({ messages })).rejects.toMatchObject({
      code: provider === "cohere" ? "upstream-invalid" : "invalid-request",
    });
  });

  test("an abort closes the provider's request", async () => {
    const abort = new AbortController();
    for await (const event of tried.backend.generate(ask(tried.model), abort.signal)) {
      expect(event.type).not.toBe("generation-end");
      abort.abort();
    }
    expect(await tried.server.asked.at(-1)!.closedEarly).toBe(true);
  });
});

describe("reasoning", () => {
  test.each(["openai-responses", "anthropic", "google", "cohere"] as const)(
    "of %s is told apart, or stands in the text between marks",
    async (provider) => {
      const features = ["chat", "reasoning"] as const;
      const tried = await startTried(provider, { more: { features: [...features] } });
      const changes = { reasoningEffort: "high" as const, maxTokens: 4_000 };
      const run = (splitReasoning: boolean) =>
        collect(tried.backend.generate(ask("shown", { ...changes, splitReasoning }), never));
      const split = await run(true);
      expect(split.reasoning).toMatch(/^Let me think/);
      expect(split.text).not.toMatch(/think/);
      const joined = await run(false);
      expect(joined.reasoning).toBe("");
      expect(joined.text).toMatch(/^<think>\nLet me think.+answer\.\n<\/think>\n\n\w/s);
      await tried.close();
    },
  );

  test("by a budget leaves the answer its part", async () => {
    const more = {
      features: ["chat" as const, "reasoning" as const],
      reasoningBy: "budget" as const,
    };
    const tried = await startTried("anthropic", { more });
    const run = (maxTokens: number) =>
      collect(tried.backend.generate(ask("shown", { reasoningEffort: "high", maxTokens }), never));
    await run(4_000);
    expect(tried.server.asked.at(-1)?.body).toMatchObject({
      max_tokens: 4_000,
      thinking: { type: "enabled", budget_tokens: 2_000 },
    });
    await expect(run(1_000)).rejects.toMatchObject({ code: "invalid-request", param: "maxTokens" });
    await tried.close();
  });
});

describe("what an entry says", () => {
  test("fills what a request leaves open, and no more", async () => {
    const parameters = { temperature: 0.25, maxTokens: 7, extraBody: { safety: "low" } };
    const tried = await startTried("openai", { more: { parameters } });
    const run = (changes: Partial<GenerateRequest>) =>
      collect(tried.backend.generate(ask("shown", changes), never));
    const { start } = await run({});
    expect(start).toMatchObject({ sampling: { temperature: 0.25 }, maxTokens: 7 });
    const [filled] = tried.server.asked.slice(-1);
    expect(filled?.body).toMatchObject({ temperature: 0.25, max_tokens: 7, safety: "low" });
    await run({ sampling: { temperature: 1 }, maxTokens: 9 });
    expect(tried.server.asked.at(-1)?.body).toMatchObject({ temperature: 1, max_tokens: 9 });
    await tried.close();
  });

  test("is fixed: another value is refused, the same is taken, and none is sent", async () => {
    const tried = await startTried("openai", { more: { fixed: { temperature: 1 } } });
    const [offer] = tried.backend.card().models;
    expect(offer?.fields).not.toContain("sampling.temperature");
    expect(offer?.description.limits).toBe("Its temperature is 1 and cannot be set.");
    const run = (temperature: number) =>
      collect(tried.backend.generate(ask("shown", { sampling: { temperature } }), never));
    await expect(run(0)).rejects.toMatchObject({
      ...{ code: "unsupported-parameter", param: "sampling.temperature" },
    });
    expect((await run(1)).start).toMatchObject({ sampling: { temperature: 1 } });
    expect(tried.server.asked.at(-1)?.body).not.toHaveProperty("temperature");
    await tried.close();
  });

  test("of system prompts is kept to", async () => {
    const messages = [textMessage("system", "Be brief."), textMessage("user", "Hello there")];
    const refusing = await startTried("anthropic", { more: { systemPrompt: "refuse" } });
    await expect(
      collect(refusing.backend.generate(ask("shown", { messages }), never)),
    ).rejects.toMatchObject({ code: "unsupported-parameter", param: "messages.0" });
    await refusing.close();
    const adding = await startTried("anthropic", {
      more: { systemPrompt: { prepend: "You are X." } },
    });
    await collect(adding.backend.generate(ask("shown", { messages }), never));
    expect(adding.server.asked.at(-1)?.body).toMatchObject({
      system: [{ text: "You are X.\n\nBe brief." }],
    });
    await adding.close();
  });

  test("of fields adds and takes away", async () => {
    const fields = { "sampling.topK": true, "sampling.seed": false } as const;
    const tried = await startTried("openai", { more: { fields } });
    const offer = tried.backend.card().models[0];
    expect(offer?.fields).toContain("sampling.topK");
    expect(offer?.fields).not.toContain("sampling.seed");
    await collect(tried.backend.generate(ask("shown", { sampling: { topK: 7 } }), never));
    expect(tried.server.asked.at(-1)?.body).toMatchObject({ top_k: 7 });
    await tried.close();
  });
});

test("what the SDK knows a model not to have is no field of it", async () => {
  const { models } = (
    await startTried("anthropic", { more: { model: "claude-opus-4-7" } })
  ).backend.card();
  expect(models[0]?.fields).not.toContain("sampling.temperature");
});

test("vectors have unit length and are counted", async () => {
  const more = { model: "embed-stand-in", features: ["embeddings" as const] };
  const tried = await startTried("cohere", { more });
  const [offer] = tried.backend.card().models;
  expect(offer?.features).toEqual(["embeddings"]);
  const request = { requestId: "1", model: "shown", inputs: ["a stone", "a lantern"] };
  const { embeddings, promptTokens } = await tried.backend.embed(request, never);
  for (const vector of embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
  expect(promptTokens).toBe(4);
  expect(tried.server.asked.at(-1)?.body).toMatchObject({ truncate: "NONE" });
  await expect(
    tried.backend.embed({ ...request, overflow: "average" }, never),
  ).rejects.toMatchObject({ code: "unsupported-parameter", param: "overflow" });
  await tried.close();
});
