/**
 * Goal: answers that are held to a grammar keep to their masks and change nothing for the others,
 * whenever masks come.
 * Method: scripted matchers whose masks arrive at once, between steps or far too late, by seed, in
 * mixes with plain answers on few slots; each must get what it gets alone with punctual masks.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { AppError } from "@/lib/errors";
import { seededRandom } from "@/lib/util/random";
import { Engine, type EngineRequest } from "./engine";
import type { GrammarCompiler, GrammarMatcher } from "./grammar/grammar";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const VOCABULARY_SIZE = 300;
const folder = mkdtempSync(join(tmpdir(), "parley-masks-"));
const never = new AbortController().signal;

/** A third of the vocabulary, another one for each place. */
const isAllowed = (id: number, place: number) => (id + place) % 3 === 0;

/** What `pattern` of a regular expression says here: how many tokens an answer has. */
class ScriptedMatcher implements GrammarMatcher {
  mask: Int32Array | undefined;
  isComplete = false;
  isClosed = false;
  readonly accepted: number[] = [];
  #ready: Promise<void> = Promise.resolve();
  readonly #length: number;
  readonly #arrive: (place: number) => Promise<void> | undefined;

  constructor(length: number, arrive: (place: number) => Promise<void> | undefined) {
    this.#length = length;
    this.#arrive = arrive;
    this.#deliver();
  }

  whenReady() {
    return this.#ready;
  }

  accept(id: number) {
    if (!this.mask) throw new Error("accepted before the mask was there");
    if (!isAllowed(id, this.accepted.length)) throw new Error(`${id} was not allowed`);
    this.accepted.push(id);
    this.mask = undefined;
    const arrival = this.#arrive(this.accepted.length);
    if (arrival) this.#ready = arrival.then(() => this.#deliver());
    else this.#deliver();
    this.#ready.catch(() => undefined);
  }

  close() {
    this.isClosed = true;
  }

  /** What became of it is not known any more. */
  lose(error: Error) {
    this.mask = undefined;
    this.#ready = Promise.reject(error);
    this.#ready.catch(() => undefined);
  }

  #deliver() {
    const place = this.accepted.length;
    this.isComplete = place === this.#length;
    // More bits than the vocabulary has, as of a grammar library.
    const mask = new Int32Array(Math.ceil(VOCABULARY_SIZE / 32) + 1).fill(0);
    for (let id = 0; id < VOCABULARY_SIZE + 30; id++) {
      if (isAllowed(id, place)) mask[id >> 5]! |= 1 << (id & 31);
    }
    this.mask = mask;
  }
}

class ScriptedCompiler implements GrammarCompiler {
  readonly matchers: ScriptedMatcher[] = [];
  arrive: (place: number) => Promise<void> | undefined = () => undefined;

  async compile(spec: Parameters<GrammarCompiler["compile"]>[0]) {
    if (spec.type !== "regex") throw new Error("the script knows lengths only");
    const matcher = new ScriptedMatcher(Number(spec.pattern), this.arrive);
    this.matchers.push(matcher);
    return matcher;
  }

  async close() {}
}

let engine: Engine;
const compiler = new ScriptedCompiler();
beforeAll(async () => {
  await writeSyntheticModel({
    ...{ folder, form: "fp32", preset: "tiny", seed: 5 },
    dimensions: { vocabularySize: VOCABULARY_SIZE },
  });
  const slots = { threadCount: 1, slotCount: 3, graphCacheFolder: folder };
  engine = await Engine.load(folder, { ...slots, createGrammars: () => compiler });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (changes: Partial<EngineRequest> = {}): EngineRequest => ({
  promptIds: [5, 6, 7],
  sampling: { temperature: 1, seed: 3 },
  stop: [],
  ignoreEos: true,
  maxTokens: 12,
  logProbabilityCount: 0,
  ...changes,
});
const held = (length: number, changes: Partial<EngineRequest> = {}) =>
  ask({ grammar: { type: "regex", pattern: `${length}` }, ...changes });

async function settle() {
  await vi.waitFor(() => expect(engine.heldSlotCount).toBe(0));
  expect([engine.runningCount, engine.waitingCount]).toEqual([0, 0]);
  engine.assertConsistent();
  expect(compiler.matchers.every((it) => it.isClosed)).toBe(true);
}

describe("an answer that is held to a grammar", () => {
  test("has only tokens of its masks and ends when there is nothing more to say", async () => {
    const { tokens, end } = await collect(engine, held(7));
    expect(tokens.map((it) => it.id)).toEqual(compiler.matchers.at(-1)!.accepted);
    expect(tokens).toHaveLength(7);
    expect(tokens.every((it, place) => isAllowed(it.id, place))).toBe(true);
    expect(end.finishReason).toBe("stop");
    await settle();
  });

  test("ends by its length too, and one that may say nothing says nothing", async () => {
    expect((await collect(engine, held(7, { maxTokens: 4 }))).end.finishReason).toBe("length");
    const empty = await collect(engine, held(0));
    expect([empty.text, empty.end.finishReason, empty.end.completionTokenCount]).toEqual([
      ...["", "stop", 0],
    ]);
    await settle();
  });

  test("gets the same whenever its masks come, and others get what they get alone", async () => {
    const seed = Math.floor(Math.random() * 1e9);
    const random = seededRandom(seed);
    const pick = (count: number) => Math.floor(random() * count);
    const requests = Array.from({ length: 40 }, () => {
      const changes = {
        promptIds: Array.from({ length: 1 + pick(9) }, () => pick(VOCABULARY_SIZE)),
        sampling: { temperature: pick(3) / 2, seed: pick(1e9), topP: pick(2) ? 1 : 0.9 },
        maxTokens: 3 + pick(20),
      };
      return pick(2) ? held(1 + pick(20), changes) : ask(changes);
    });
    compiler.arrive = () => undefined;
    const alone: unknown[] = [];
    for (const request of requests) alone.push((await collect(engine, request)).tokens);
    compiler.arrive = () => {
      const kind = pick(4);
      if (kind === 0) return undefined;
      if (kind === 1) return new Promise((resolve) => setImmediate(resolve));
      return delay(kind === 2 ? 1 : 6);
    };
    const together = await Promise.all(
      requests.map(async (request) => (await collect(engine, request)).tokens),
    );
    expect(together, `seed ${seed}`).toEqual(alone);
    compiler.arrive = () => undefined;
    await settle();
  });

  test("keeps nobody waiting while its mask does not come, and leaves when it is told to", async () => {
    compiler.arrive = (place) => (place === 2 ? new Promise(() => undefined) : undefined);
    const abort = new AbortController();
    const stuck = collect(engine, held(9), abort.signal);
    stuck.catch(() => undefined);
    await vi.waitFor(() => expect(compiler.matchers.at(-1)!.accepted).toHaveLength(2));
    compiler.arrive = () => undefined;
    for (const request of [ask(), held(5)]) {
      expect((await collect(engine, request)).tokens.length).toBeGreaterThan(4);
    }
    expect(engine.runningCount).toBe(1);
    abort.abort();
    await expect(stuck).rejects.toThrow("ends with its end");
    await settle();
  });

  test("rests while all slots are taken by those who rest, and nobody is forgotten", async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    compiler.arrive = () => gate;
    const count = compiler.matchers.length;
    const answers = Array.from({ length: 9 }, (_, index) =>
      collect(engine, held(4, { sampling: { temperature: 1, seed: index } })),
    );
    // All three slots are held by answers that have a token and no mask for the next.
    await vi.waitFor(() => {
      const begun = compiler.matchers.slice(count).filter((it) => it.accepted.length === 1);
      expect([begun.length, engine.waitingCount]).toEqual([3, 6]);
    });
    answers.push(collect(engine, ask({ maxTokens: 3 })));
    await vi.waitFor(() => expect(engine.waitingCount).toBe(7));
    compiler.arrive = () => delay(4);
    open();
    const all = await Promise.all(answers);
    expect(all.map((it) => it.tokens.length)).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 4, 3]);
    compiler.arrive = () => undefined;
    await settle();
  });

  test("gives its place to who waits when it leaves or fails while it rests", async () => {
    const failure = new AppError("invalid-request", { message: "No way on.", param: "grammar" });
    for (const isFailure of [false, true]) {
      const fail: (() => void)[] = [];
      compiler.arrive = () => new Promise((_, reject) => fail.push(() => reject(failure)));
      const aborts = Array.from({ length: 3 }, () => new AbortController());
      // All slots are held by answers whose second mask does not come.
      const stuck = aborts.map((abort) => collect(engine, held(9), abort.signal));
      for (const it of stuck) it.catch(() => undefined);
      await vi.waitFor(() => expect(fail).toHaveLength(3));
      compiler.arrive = () => undefined;
      const waiting = collect(engine, ask({ maxTokens: 3 }));
      await vi.waitFor(() => expect(engine.waitingCount).toBe(1));
      await delay(5);
      if (isFailure) fail[0]!();
      else aborts[0]!.abort();
      expect((await waiting).tokens).toHaveLength(3);
      for (const abort of aborts) abort.abort();
      await Promise.allSettled(stuck);
      await settle();
    }
  });

  test("fails alone when its mask is lost before its first token", async () => {
    const failure = new AppError("invalid-request", { message: "No way on.", param: "grammar" });
    const events = engine.generate(held(4, { promptIds: Array(90).fill(9) }), never);
    await events.next();
    // The prompt has not run: its mask was there when it began and is gone.
    compiler.matchers.at(-1)!.lose(failure);
    const plain = collect(engine, ask({ maxTokens: 5 }));
    await expect(events.next()).rejects.toThrow("No way on.");
    expect((await plain).tokens).toHaveLength(5);
    await settle();
  });

  test("fails alone when its grammar does", async () => {
    const failure = new AppError("invalid-request", { message: "No way on.", param: "grammar" });
    compiler.arrive = (place) =>
      place === 3 ? delay(3).then(() => Promise.reject(failure)) : undefined;
    const broken = collect(engine, held(9));
    const plain = collect(engine, ask({ maxTokens: 30 }));
    await expect(broken).rejects.toThrow("No way on.");
    expect((await plain).tokens).toHaveLength(30);
    compiler.arrive = () => undefined;
    await settle();
  });

  test("is not begun when its request leaves while it is compiled", async () => {
    const abort = new AbortController();
    const events = engine.generate(held(4), abort.signal);
    const first = events.next();
    abort.abort();
    expect(await first).toEqual({ done: true, value: undefined });
    await settle();
  });
});

test("a matcher of somebody who never came is closed", async () => {
  const events = engine.generate(held(4), never);
  await events.next();
  await events.return(undefined);
  await settle();
});
