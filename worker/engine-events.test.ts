import { describe, expect, test } from "vitest";
import type { AnswerEvent } from "@/lib/engine/answer-events";
import { NEUTRAL_SAMPLING } from "@/lib/engine/sampling/sampling-parameters";
import { generateEventSchema } from "@/lib/protocol/generate-event";
import { type GenerateRequest, generateRequestSchema } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { toEngineRequest, toGenerateEvent } from "./engine-events";

const source = {
  offer: { name: "m", build: "b" },
  stop: ["END"],
  bytesOf: (id: number) => Uint8Array.of(0xe2, id),
};
/** The event as the web gets it: a line of JSON that its schema reads. */
const sent = (event: AnswerEvent) =>
  generateEventSchema.parse(JSON.parse(JSON.stringify(toGenerateEvent(event, source))));

const request: GenerateRequest = {
  requestId: "r",
  model: "m",
  messages: [textMessage("user", "hi")],
  sampling: {},
  stop: [],
};
const engineMessages = [{ role: "user", content: "hi" }];

describe("a request", () => {
  test("says no more than it was asked", () => {
    // Fields that are undefined say nothing, and are equal to absent ones here.
    expect(toEngineRequest(request)).toEqual({ messages: engineMessages, sampling: {}, stop: [] });
  });

  test("carries every field of the protocol over", () => {
    const full = generateRequestSchema.parse({
      ...request,
      sampling: {
        ...{ temperature: 0.5, topP: 0.9, topK: 4, minP: 0.1, seed: 7 },
        ...{ presencePenalty: 1, frequencyPenalty: -1, repetitionPenalty: 1.2 },
        logitBias: { "5": -100, "70": 1.5 },
      },
      stop: ["x"],
      ...{ stopTokenIds: [3], ignoreEos: true, minTokens: 2, maxTokens: 9 },
      ...{ logProbabilityCount: 0, reportPrompt: true, reasoningEffort: "low", thinking: "on" },
      grammar: { type: "regex", pattern: "[0-9]+" },
      toolRequest: { tools: [{ name: "f" }] },
      ...{ splitReasoning: true, choice: 2, cacheSalt: "s" },
    });
    // Nothing of the protocol is left out of this test.
    // `via` is between Parleys.
    const others = ["prompt", "reportTokenIds", "resume", "via"];
    const fields = Object.keys(generateRequestSchema.shape).filter((it) => !others.includes(it));
    expect(Object.keys(full).toSorted()).toEqual(fields.toSorted());
    expect(Object.keys(full.sampling).toSorted()).toEqual(
      Object.keys(generateRequestSchema.shape.sampling.shape).toSorted(),
    );
    const { requestId: _, model: __, ...carried } = full;
    const logitBias = new Map([
      [5, -100],
      [70, 1.5],
    ]);
    expect(toEngineRequest(full)).toEqual({
      ...carried,
      messages: engineMessages,
      sampling: { ...full.sampling, logitBias },
    });
  });
});

test("a prompt goes over as text or as tokens, in place of a conversation", () => {
  const bare = { ...request, messages: [] };
  expect(toEngineRequest({ ...bare, prompt: "x" })).toEqual({
    ...{ promptText: "x", sampling: {}, stop: [] },
  });
  expect(toEngineRequest({ ...bare, prompt: [1, 2] })).toMatchObject({ promptIds: [1, 2] });
  expect(generateRequestSchema.safeParse({ ...request, prompt: "x" }).error).toBeDefined();
  expect(generateRequestSchema.safeParse(bare).error).toBeDefined();
});

describe("an event", () => {
  test("of the start tells all that was used, and can be asked for again", () => {
    const start = {
      type: "sequence-start",
      promptTokenCount: 3,
      completionTokenCountMax: 5,
    } as const;
    const plain = sent({ ...start, sampling: { ...NEUTRAL_SAMPLING, seed: 7 } });
    expect(plain).toEqual({
      ...{ type: "generation-start", model: "m", build: "b", promptTokens: 3, maxTokens: 5 },
      sampling: {
        ...{ temperature: 1, topP: 1, topK: 0, minP: 0, seed: 7 },
        ...{ presencePenalty: 0, frequencyPenalty: 0, repetitionPenalty: 1 },
      },
    });
    const logitBias = new Map([[5, -100]]);
    const biased = sent({ ...start, sampling: { ...NEUTRAL_SAMPLING, logitBias, seed: 7 } });
    if (biased.type !== "generation-start") throw new Error(biased.type);
    expect(biased.sampling.logitBias).toEqual({ "5": -100 });
    const again = { ...request, sampling: biased.sampling };
    expect(generateRequestSchema.safeParse(again).error).toBeUndefined();
  });

  test("of a token has bytes, and a number where the probability is none", () => {
    const token = { id: 1, logProbability: -0.25 };
    const ruledOut = { id: 2, logProbability: Number.NEGATIVE_INFINITY };
    expect(sent({ type: "token", ...token, alternatives: [token, ruledOut] })).toEqual({
      type: "token-log-probability",
      ...{ id: 1, bytes: [0xe2, 1], logProbability: -0.25 },
      alternatives: [
        { id: 1, bytes: [0xe2, 1], logProbability: -0.25 },
        { id: 2, bytes: [0xe2, 2], logProbability: -9_999 },
      ],
    });
    const first = { id: 3, logProbability: undefined, alternatives: [] };
    const second = { ...ruledOut, alternatives: [token] };
    expect(sent({ type: "prompt-tokens", tokens: [first, second] })).toEqual({
      type: "prompt-tokens",
      tokens: [
        { id: 3, bytes: [0xe2, 3], alternatives: [] },
        {
          ...{ id: 2, bytes: [0xe2, 2], logProbability: -9_999 },
          alternatives: [{ id: 1, bytes: [0xe2, 1], logProbability: -0.25 }],
        },
      ],
    });
  });

  test("of reasoning and calls is its own", () => {
    const reasoning = sent({ type: "reasoning-delta", text: "hm", tokenCount: 2 });
    expect(reasoning).toEqual({ type: "reasoning-delta", text: "hm", tokens: 2 });
    const start = { type: "tool-call-start", index: 1, id: "c", name: "f" } as const;
    expect(sent(start)).toEqual(start);
    const delta = sent({ type: "tool-call-delta", index: 1, text: "{}", tokenCount: 1 });
    expect(delta).toEqual({ type: "tool-call-delta", index: 1, text: "{}", tokens: 1 });
  });

  test("of the end tells what of the prompt was cached", () => {
    const end = sent({
      ...{ type: "sequence-end", finishReason: "stop" },
      ...{ promptTokenCount: 9, cachedPromptTokenCount: 4, completionTokenCount: 2 },
      ...{ queuedMs: 1, firstTokenMs: 2, durationMs: 3 },
    });
    expect(end).not.toHaveProperty("stopString");
    expect(end).toMatchObject({
      usage: { promptTokens: 9, completionTokens: 2, cachedPromptTokens: 4 },
      timing: { queuedMs: 1, firstTokenMs: 2, durationMs: 3 },
    });
  });

  test("an end tells the stop string of the request, and none of the template's", () => {
    const counts = { promptTokenCount: 9, cachedPromptTokenCount: 4, completionTokenCount: 2 };
    const times = { queuedMs: 1, firstTokenMs: 2, durationMs: 3 };
    const stopped = (stopString: string) =>
      sent({ type: "sequence-end", finishReason: "stop", stopString, ...counts, ...times });
    expect(stopped("END")).toHaveProperty("stopString", "END");
    expect(stopped("User:")).not.toHaveProperty("stopString");
  });
});
