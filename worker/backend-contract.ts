import { setMaxListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import type { RequestField } from "@/lib/protocol/request-fields";
import type { Backend } from "./backend";

/**
 * What every backend promises, whatever is behind it. A backend's own test calls `backendContract`
 * with a model that answers `prompt` with at least eight tokens. What an offer says that its model cannot is
 * refused clearly, and the rest of what a test would show is left out: servers behind workers differ.
 */

export type ContractSubject = {
  backend: Backend;
  model: string;
  prompt?: string;
  unknownModel?: string;
  close?: () => Promise<void>;
};

const never = new AbortController().signal;
// One signal that is never aborted serves every call of the suite.
setMaxListeners(0, never);
const PROMPT = "Once upon a time there was a small worker who answered everyone who asked.";

/** What a wish gets that a model cannot be asked. */
const REFUSED = ["not-supported", "unsupported-parameter"];

type Finished = {
  events: GenerateEvent[];
  start: GenerationStart;
  text: string;
  deltaTokens: number;
  end: Extract<GenerateEvent, { type: "generation-end" }>;
};

async function collect(events: AsyncIterable<GenerateEvent>): Promise<Finished> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  const [start] = all;
  const end = all.at(-1);
  if (start?.type !== "generation-start") throw new Error(`began with ${start?.type}`);
  if (end?.type !== "generation-end") throw new Error(`ended with ${end?.type}`);
  const deltas = all.filter((event) => event.type === "text-delta");
  return {
    events: all,
    start,
    text: deltas.map((delta) => delta.text).join(""),
    deltaTokens: deltas.reduce((sum, delta) => sum + delta.tokens, 0),
    end,
  };
}

/** The error a call ends with, whether it is thrown or told as an event. */
async function failure(run: () => Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    const result = await run();
    throw new Error(`expected a failure, got ${JSON.stringify(result).slice(0, 200)}`);
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}

/** Runs the suite against what `create` makes. */
export function backendContract(name: string, create: () => Promise<ContractSubject>): void {
  describe(`backend contract: ${name}`, () => {
    let subject: ContractSubject;
    let backend: Backend;
    let requests = 0;

    beforeAll(async () => {
      subject = await create();
      backend = subject.backend;
    });
    afterAll(async () => {
      await backend?.close();
      await subject?.close?.();
    });

    const ask = (changes: Partial<GenerateRequest> = {}): GenerateRequest => ({
      requestId: `contract-${++requests}`,
      model: subject.model,
      messages: [textMessage("user", subject.prompt ?? PROMPT)],
      sampling: { temperature: 0 },
      stop: [],
      maxTokens: 24,
      ...changes,
    });
    const run = (changes: Partial<GenerateRequest> = {}) =>
      collect(backend.generate(ask(changes), never));
    const offer = () => {
      const found = backend.card().models.find((it) => it.name === subject.model);
      if (!found) throw new Error(`the card does not name ${subject.model}`);
      return found;
    };

    /** An offer without a list of fields is of a model that knows them all, or refuses by its features. */
    const honours = (field: RequestField) => offer().fields?.includes(field) ?? true;
    const counts = () => offer().features.includes("tokenize");
    /** Draws that come back: by a seed, or by none where no seed can be told. */
    const drawn = (seed: number) => ({
      sampling: honours("sampling.seed") ? { temperature: 1, seed } : { temperature: 0 },
    });

    test("the card names the model, its build, its context and its slots", () => {
      const card = backend.card();
      expect(card.slots).toBeGreaterThan(0);
      expect(offer().build).toMatch(/^[0-9a-f]{64}$/);
      expect(offer().contextLength).toBeGreaterThan(0);
      expect(offer().features).toContain("chat");
    });

    test("events come in order: start, deltas, end", async () => {
      const { events, start } = await run();
      const inner = events.slice(1, -1).map((event) => event.type);
      expect(inner.length).toBeGreaterThan(0);
      expect(new Set(inner)).toEqual(new Set(["text-delta"]));
      expect(start).toMatchObject({ model: subject.model, build: offer().build, maxTokens: 24 });
      expect(start.sampling.temperature).toBe(0);
    });

    test("usage adds up and times are in order", async () => {
      const { start, end, deltaTokens, events } = await run();
      expect(end.usage.promptTokens).toBe(start.promptTokens ?? end.usage.promptTokens);
      expect(end.usage.promptTokens).toBeGreaterThan(0);
      expect(deltaTokens).toBeLessThanOrEqual(end.usage.completionTokens);
      expect(end.usage.completionTokens).toBeLessThanOrEqual(start.maxTokens);
      for (const event of events) {
        if (event.type === "text-delta") expect(event.text).not.toBe("");
      }
      expect(end.timing.queuedMs).toBeGreaterThanOrEqual(0);
      expect(end.timing.firstTokenMs).toBeGreaterThanOrEqual(end.timing.queuedMs);
      expect(end.timing.durationMs).toBeGreaterThanOrEqual(end.timing.firstTokenMs);
    });

    test("an answer goes on from its tokens wherever it was cut, or the backend does not offer it", async () => {
      if (!offer().features.includes("resume")) return;
      for (const sampling of [{ temperature: 0 }, { temperature: 1, seed: 11 }]) {
        const told = { sampling, reportTokenIds: true, maxTokens: 12 };
        const { events, start, end } = await run(told);
        const tokenIds: number[] = [];
        for (const [index, event] of events.entries()) {
          if (event.type !== "text-delta") continue;
          expect(event.tokenIds).toHaveLength(event.tokens);
          tokenIds.push(...(event.tokenIds ?? []));
          if (event.tokens === 0) continue;
          const resume = { tokenIds: [...tokenIds], mustMatch: true };
          const rest = await run({ ...told, sampling: start.sampling, resume });
          expect(rest.events.slice(1, -1)).toEqual(events.slice(index + 1, -1));
          expect(rest.start).toEqual(start);
          expect(rest.end.finishReason).toBe(end.finishReason);
          expect(rest.end.usage).toMatchObject({
            promptTokens: end.usage.promptTokens,
            completionTokens: end.usage.completionTokens,
          });
        }
        expect(tokenIds.length).toBeGreaterThan(3);
      }
    });

    test("an answer that its tokens alone decide goes on from them wherever it was cut, and no other does", async () => {
      if (!offer().features.includes("continue")) return;
      const told = { sampling: { temperature: 0 }, reportTokenIds: true, maxTokens: 12 };
      const { events, start, end } = await run(told);
      const tokenIds: number[] = [];
      for (const [index, event] of events.entries()) {
        if (event.type !== "text-delta") continue;
        expect(event.tokenIds).toHaveLength(event.tokens);
        tokenIds.push(...(event.tokenIds ?? []));
        const rest = await run({ ...told, resume: { tokenIds: [...tokenIds] } });
        expect(rest.events.slice(1, -1)).toEqual(events.slice(index + 1, -1));
        expect(rest.start).toEqual(start);
        const { promptTokens, completionTokens } = end.usage;
        expect(rest.end).toMatchObject({
          ...{ finishReason: end.finishReason, usage: { promptTokens, completionTokens } },
        });
      }
      expect(tokenIds.length).toBeGreaterThan(3);
      const others: Partial<GenerateRequest>[] = [
        { sampling: { temperature: 1, seed: 11 } },
        { sampling: { presencePenalty: 1 } },
        { sampling: { frequencyPenalty: 1 } },
        { grammar: { type: "json-object" } },
        { logProbabilityCount: 1 },
        { minTokens: 4, stop: ["no such text"] },
      ];
      for (const changes of others) {
        const named = (await run({ ...told, ...changes })).events.filter((it) => "tokenIds" in it);
        expect(named, JSON.stringify(changes)).toEqual([]);
        const request = ask({ ...told, ...changes, resume: { tokenIds } });
        expect(await failure(() => collect(backend.generate(request, never)))).toMatchObject({
          ...{ code: "unsupported-parameter", param: "resume" },
        });
      }
    });

    test("the prompt's tokens are those that tokenize counts, or nobody is asked to count", async () => {
      const { messages } = ask();
      if (!counts()) {
        const { model } = subject;
        const errors = [
          await failure(() => backend.tokenize({ model, messages }, never)),
          await failure(() => backend.tokenize({ model, text: "x" }, never)),
          await failure(() => backend.detokenize({ model, ids: [1] }, never)),
          await failure(() => backend.tokenizerInfo({ model }, never)),
        ];
        for (const error of errors) expect(error.code).toBe("not-supported");
        return;
      }
      const { ids, contextLength } = await backend.tokenize(
        { model: subject.model, messages },
        never,
      );
      const { end } = await run();
      expect(end.usage.promptTokens).toBe(ids.length);
      expect(contextLength).toBe(offer().contextLength);
    });

    test("tools are tokens of the prompt, and tokenize counts them", async () => {
      const { messages } = ask();
      const toolRequest = {
        tools: [
          {
            ...{ name: "get_weather", description: "The weather of a city." },
            parameters: { type: "object", properties: { city: { type: "string" } } },
          },
        ],
        ...{ choice: "auto" as const, isParallel: true },
      };
      const request = { model: subject.model, messages, toolRequest };
      if (!counts()) return;
      if (!offer().features.includes("tools")) {
        expect((await failure(() => backend.tokenize(request, never))).code).toBe("not-supported");
        return;
      }
      const counted = await backend.tokenize(request, never);
      const { end } = await run({ toolRequest, maxTokens: 1 });
      expect(end.usage.promptTokens).toBe(counted.ids.length);
      const plain = await backend.tokenize({ model: subject.model, messages }, never);
      expect(counted.ids.length).toBeGreaterThan(plain.ids.length);
    });

    test("a prompt may end before the assistant begins to speak", async () => {
      if (!counts()) return;
      const { messages } = ask();
      const request = { model: subject.model, messages };
      const { ids } = await backend.tokenize(request, never);
      const open = await backend.tokenize({ ...request, addGenerationPrompt: false }, never);
      // As text: its last token may have gone on into the assistant's turn.
      const read = (it: number[]) => backend.detokenize({ model: subject.model, ids: it }, never);
      const [whole, begun] = [await read(ids), await read(open.ids)];
      expect(whole.text.startsWith(begun.text)).toBe(true);
      expect(begun.text.length).toBeLessThan(whole.text.length);
    });

    test("no effort of reasoning is taken by who does not reason, and any other is refused", async () => {
      if (offer().features.includes("reasoning")) return;
      const plain = await run({ maxTokens: 1 });
      const none = await run({ maxTokens: 1, reasoningEffort: "none", thinking: "off" });
      expect(none.end.usage.promptTokens).toBe(plain.end.usage.promptTokens);
      const error = await failure(() => run({ reasoningEffort: "high" }));
      expect(REFUSED).toContain(error.code);
      expect(error).toMatchObject({ param: "reasoningEffort" });
    });

    test("maxTokens ends with length, on a beginning of the longer answer", async () => {
      const whole = await run();
      const cut = await run({ maxTokens: 3 });
      expect(cut.end.finishReason).toBe("length");
      expect(cut.end.usage.completionTokens).toBe(3);
      expect(whole.text.startsWith(cut.text.replace(/\uFFFD+$/u, ""))).toBe(true);
    });

    test("without maxTokens the answer may take what the context still holds", async () => {
      const abort = new AbortController();
      const { maxTokens: _, ...request } = ask();
      for await (const event of backend.generate(request, abort.signal)) {
        if (event.type !== "generation-start") continue;
        expect((event.promptTokens ?? 0) + event.maxTokens).toBeLessThanOrEqual(
          offer().contextLength + 1,
        );
        expect(event.maxTokens).toBeGreaterThan(0);
        abort.abort();
      }
    });

    test("a stop string cuts the answer and is not emitted, nor is its beginning", async () => {
      const whole = await run();
      const middle = Math.floor(whole.text.length / 2);
      const stop = whole.text.slice(middle, middle + 4);
      const cut = await run({ stop: ["\u0000not in any text", stop] });
      expect(cut.end.finishReason).toBe("stop");
      expect(cut.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
      // A server may know why it ended and not tell.
      expect(cut.end.stopString ?? (counts() ? undefined : stop)).toBe(stop);
      expect(whole.end.stopString).toBeUndefined();
      expect(cut.end.usage.completionTokens).toBeLessThanOrEqual(whole.end.usage.completionTokens);
    });

    test("a stop string that never comes changes nothing, not even held back text", async () => {
      const whole = await run();
      const last = whole.text.slice(-1);
      const same = await run({ stop: [`${last}\u0000`] });
      expect(same.text).toBe(whole.text);
    });

    test("greedy is repeatable, and so is the same seed at a temperature", async () => {
      expect((await run()).text).toBe((await run()).text);
      if (!honours("sampling.seed")) return;
      const warm = { sampling: { temperature: 1, topP: 0.95, seed: 1234 } };
      const first = await run(warm);
      expect((await run(warm)).text).toBe(first.text);
      expect(first.start.sampling).toMatchObject(warm.sampling);
    });

    test("a seed that is not given is drawn and told, and brings the text back", async () => {
      const first = await run({ sampling: { temperature: 1 } });
      const { sampling } = first.start;
      // A server that draws one by itself does not tell it; who goes on with another's answer must know it.
      if (sampling.seed === undefined && !offer().features.includes("resume")) return;
      expect(Number.isSafeInteger(sampling.seed)).toBe(true);
      expect((await run({ sampling })).text).toBe(first.text);
    });

    test("log-probabilities come with every token, or are clearly not supported", async () => {
      const changes = { logProbabilityCount: 3, sampling: { temperature: 0 } };
      if (!offer().features.includes("log-probabilities")) {
        expect(REFUSED).toContain((await failure(() => run(changes))).code);
        return;
      }
      const plain = await run({ sampling: changes.sampling });
      const { events, text, end } = await run(changes);
      expect(text).toBe(plain.text);
      const scores = events.filter((event) => event.type === "token-log-probability");
      expect(scores).toHaveLength(end.usage.completionTokens);
      const bytes = Buffer.from(scores.flatMap((it) => it.bytes));
      expect(bytes.toString().startsWith(text.replace(/\uFFFD+$/u, ""))).toBe(true);
      for (const { id, logProbability, alternatives } of scores) {
        expect(logProbability).toBeLessThanOrEqual(0);
        expect(alternatives).toHaveLength(3);
        // Greedy takes the most likely.
        expect(alternatives[0]).toMatchObject({ id, logProbability });
        const mass = alternatives.reduce((sum, it) => sum + Math.exp(it.logProbability), 0);
        expect(mass).toBeLessThan(1 + 1e-5);
      }
    });

    test("an abort ends the events soon and frees the slot", async () => {
      const { slots } = backend.card();
      for (let round = 0; round < slots + 1; round++) {
        const abort = new AbortController();
        const seen: string[] = [];
        for await (const event of backend.generate(ask(), abort.signal)) {
          seen.push(event.type);
          abort.abort();
        }
        expect(seen).not.toContain("generation-end");
        expect(seen).not.toContain("generation-error");
      }
      expect((await run()).end.type).toBe("generation-end");
    });

    test("leaving the iteration frees the slot too", async () => {
      const { slots } = backend.card();
      for (let round = 0; round < slots + 1; round++) {
        for await (const event of backend.generate(ask(), never)) {
          if (event.type === "text-delta") break;
        }
      }
      expect((await run()).end.type).toBe("generation-end");
    });

    test("several at once each get the text they get alone", async () => {
      const seeds = [1, 2, 3].slice(0, Math.max(1, backend.card().slots));
      const alone: string[] = [];
      for (const seed of seeds) alone.push((await run(drawn(seed))).text);
      const together = await Promise.all(seeds.map((seed) => run(drawn(seed))));
      expect(together.map((it) => it.text)).toEqual(alone);
    });

    test("an unknown model is model-not-found, in every call", async () => {
      const model = subject.unknownModel ?? "no/such-model";
      const text = { model, text: "x" };
      const inputs = { requestId: "contract-embed", model, inputs: ["x"] };
      const errors = [
        await failure(() => run({ model })),
        await failure(() => backend.tokenize(text, never)),
        await failure(() => backend.detokenize({ model, ids: [1] }, never)),
        await failure(() => backend.tokenizerInfo({ model }, never)),
        await failure(() => backend.embed(inputs, never)),
      ];
      for (const error of errors.slice(0, 4)) expect(error.code).toBe("model-not-found");
      expect(["model-not-found", "not-supported"]).toContain(errors[4]?.code);
      expect(errors[0]?.message).toContain(model);
    });

    test("a prompt longer than the context is refused with both numbers, never cut", async () => {
      const { contextLength } = offer();
      const content = "word ".repeat(contextLength + 1);
      const messages = [textMessage("user", content)];
      if (!counts()) {
        const error = await failure(() => run({ messages }));
        expect(error.code).toBe("context-length-exceeded");
        return;
      }
      const { ids } = await backend.tokenize({ model: subject.model, messages }, never);
      expect(ids.length).toBeGreaterThan(contextLength);
      const error = await failure(() => run({ messages }));
      expect(error.code).toBe("context-length-exceeded");
      expect(error.message).toContain(String(ids.length));
      expect(error.message).toContain(String(contextLength));
    });

    test("tokenize and detokenize are each other's inverse", async () => {
      if (!counts()) return;
      const text = "The quick brown fox, 42 times: jumps over the lazy dog.";
      const { ids } = await backend.tokenize({ model: subject.model, text }, never);
      expect(ids.length).toBeGreaterThan(1);
      expect(await backend.detokenize({ model: subject.model, ids }, never)).toEqual({ text });
      const none = await backend.tokenize({ model: subject.model, text: "" }, never);
      expect(none.ids).toEqual([]);
      const named = await backend.tokenize(
        { model: subject.model, text, returnNames: true },
        never,
      );
      expect(named.ids).toEqual(ids);
      expect(named.names).toHaveLength(ids.length);
      expect(named.names).not.toContain("");
    });

    test("the tokenizer tells its class and how much the model reads", async () => {
      if (!counts()) return;
      const info = await backend.tokenizerInfo({ model: subject.model }, never);
      expect(info.config.tokenizer_class).toBeTypeOf("string");
      expect(info.contextLength).toBe(offer().contextLength);
    });

    test("embeddings have unit length and repeat, or are clearly not supported", async () => {
      const inputs = ["a stone in the river", "a lantern"];
      const request = { requestId: "contract-embed", model: subject.model, inputs };
      if (!offer().features.includes("embeddings")) {
        expect((await failure(() => backend.embed(request, never))).code).toBe("not-supported");
        return;
      }
      const reply = await backend.embed(request, never);
      expect(reply.embeddings).toHaveLength(inputs.length);
      expect(reply.promptTokens).toBeGreaterThan(0);
      for (const vector of reply.embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
      expect(reply.embeddings[0]).not.toEqual(reply.embeddings[1]);
      expect(await backend.embed(request, never)).toEqual(reply);
    });
  });
}
