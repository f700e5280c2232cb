import { setMaxListeners } from "node:events";
import { expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { seededRandom } from "@/lib/util/random";
import { backendContract } from "../backend-contract";
import { createMockBackend } from "./mock";
import { MOCK_MODELS } from "./mock-models";
import { toIds, toPieces, toText } from "./mock-tokens";

for (const model of ["mock/echo", "mock/long", "mock/random"]) {
  backendContract(model, async () => ({
    backend: createMockBackend({ models: [], slots: 4, tokenMs: 0 }),
    model,
  }));
}

const never = new AbortController().signal;
setMaxListeners(0, never);

function ask(model: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
  const messages = [textMessage("user", "one two three four five")];
  return { requestId: "mock-test", model, messages, sampling: {}, stop: [], ...changes };
}

async function read(events: AsyncIterable<GenerateEvent>): Promise<string[]> {
  const said: string[] = [];
  for await (const event of events)
    said.push(event.type === "text-delta" ? event.text : event.type);
  return said;
}

const all = createMockBackend({ models: [], slots: 8, tokenMs: 0 });

test("without names every sentinel is offered; a wrong name is refused with the list", () => {
  expect(all.card().models.map((offer) => offer.name)).toEqual(Object.keys(MOCK_MODELS));
  const wrong = { models: ["mock/nobody"], slots: 1 };
  expect(() => createMockBackend(wrong)).toThrow(/"mock\/nobody".*mock\/echo/);
});

test.each<[param: string, changes: Partial<GenerateRequest>]>([
  ["logProbabilityCount", { logProbabilityCount: 0 }],
  ["reportPrompt", { reportPrompt: true }],
  ["minTokens", { minTokens: 1 }],
  ["ignoreEos", { ignoreEos: true }],
  ["stopTokenIds", { stopTokenIds: [1] }],
  ["sampling.topK", { sampling: { topK: 1 } }],
  ["sampling.logitBias", { sampling: { logitBias: { "1": 1 } } }],
])("%s is refused, since no program knows it", async (param, changes) => {
  const run = read(all.generate(ask("mock/echo", changes), never));
  await expect(run).rejects.toMatchObject({ code: "not-supported", param });
});

test("values that ask for nothing are taken", async () => {
  const sampling = { topK: 0, minP: 0, presencePenalty: 0, repetitionPenalty: 1, logitBias: {} };
  const nothing = { sampling, minTokens: 0, ignoreEos: false, stopTokenIds: [] };
  const said = await read(all.generate(ask("mock/echo", nothing), never));
  expect(said).toHaveLength(7);
});

test("echo repeats the last message word by word", async () => {
  const said = await read(all.generate(ask("mock/echo"), never));
  expect(said.slice(1, -1)).toEqual(["one", " two", " three", " four", " five"]);
});

test("rejects refuses before the first event", async () => {
  const run = read(all.generate(ask("mock/rejects"), never));
  await expect(run).rejects.toMatchObject({ code: "overloaded", retryable: true });
});

test("fails-after-3-tokens says three tokens and fails", async () => {
  const said: string[] = [];
  const run = async () => {
    for await (const event of all.generate(ask("mock/fails-after-3-tokens"), never)) {
      said.push(event.type);
    }
  };
  await expect(run()).rejects.toMatchObject({ code: "internal" });
  expect(said).toEqual(["generation-start", "text-delta", "text-delta", "text-delta"]);
});

test("dies-after-3-tokens says three tokens and ends its process", async () => {
  const abort = new AbortController();
  const said: string[] = [];
  const die = () => abort.abort();
  const backend = createMockBackend({ models: [], slots: 1, die });
  for await (const event of backend.generate(ask("mock/dies-after-3-tokens"), abort.signal)) {
    said.push(event.type);
  }
  expect(abort.signal.aborted).toBe(true);
  expect(said).toEqual(["generation-start", "text-delta", "text-delta", "text-delta"]);
});

test("never begins and then is silent until it is stopped", async () => {
  const abort = new AbortController();
  const events = all.generate(ask("mock/never"), abort.signal)[Symbol.asyncIterator]();
  expect((await events.next()).value).toMatchObject({ type: "generation-start" });
  const next = events.next();
  abort.abort();
  expect(await next).toMatchObject({ done: true });
});

test("context is exceeded by a prompt that leaves no room", async () => {
  const messages = [textMessage("user", "word ".repeat(70))];
  const run = read(all.generate(ask("mock/context", { messages }), never));
  await expect(run).rejects.toMatchObject({ code: "context-length-exceeded" });
});

test("random follows temperature, top-p and seed", async () => {
  const text = async (sampling: GenerateRequest["sampling"]) =>
    (await read(all.generate(ask("mock/random", { sampling, maxTokens: 30 }), never)))
      .slice(1, -1)
      .join("");
  const words = async (sampling: GenerateRequest["sampling"]) =>
    new Set((await text(sampling)).match(/[a-z]+(?= )/g)).size;
  expect(await text({ seed: 1 })).not.toBe(await text({ seed: 2 }));
  const greedy = await words({ temperature: 0 });
  const narrow = await words({ temperature: 1, topP: 0.6, seed: 5 });
  const wide = await words({ temperature: 2, topP: 1, seed: 5 });
  expect(greedy).toBe(1);
  expect(narrow).toBeGreaterThan(greedy);
  expect(wide).toBeGreaterThan(narrow);
});

test("any text survives the tokenizer, and only tokens are read back", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const alphabet = [..."abc  \n\t.,é你👋\u0000\uFEFF"];
  for (let round = 0; round < 300; round++) {
    const length = Math.floor(random() * 40);
    const text = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]);
    const whole = text.join("");
    expect(toPieces(whole).join(""), `seed ${seed}`).toBe(whole);
    expect(toText(toIds(whole)), `seed ${seed}`).toBe(whole);
    expect(toIds(whole).every(Number.isSafeInteger), `seed ${seed}`).toBe(true);
  }
  expect(() => toText([12])).toThrow(RangeError);
  expect(() => toText([256 ** 6 + 255 * 256 ** 5])).toThrow(RangeError);
});

test("the reader gives scores and labels, and says nothing; the others do the reverse", async () => {
  const request = { requestId: "r", model: "mock/reader" };
  const documents = ["one two", "seven eight"];
  const { scores } = await all.rerank({ ...request, query: "one two", documents }, never);
  expect(scores[0]).toBeCloseTo(1, 6);
  expect(scores[1]).toBeLessThan(1);
  const { results } = await all.classify({ ...request, inputs: ["one"] }, never);
  expect(results[0]?.map((it) => it.label)).toEqual(["short", "long"]);
  const refusal = { code: "not-supported", param: "model" };
  const talk = async () => read(all.generate(ask("mock/reader"), never));
  await expect(talk()).rejects.toMatchObject(refusal);
  const wrong = all.rerank({ requestId: "r", model: "mock/echo", query: "x", documents }, never);
  await expect(wrong).rejects.toMatchObject(refusal);
});

test("ids of no token are refused wherever they are read", async () => {
  const refusal = (param: string) => ({
    ...{ name: "AppError", code: "invalid-request", param },
    message: "The id 1 is not a token.",
  });
  const model = "mock/echo";
  await expect(all.detokenize({ model, ids: [1] }, never)).rejects.toMatchObject(refusal("ids"));
  const request = { requestId: "mock-test", model, inputs: ["a", [1]] };
  await expect(all.embed(request, never)).rejects.toMatchObject(refusal("inputs.1"));
});
