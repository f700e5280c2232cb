/**
 * Goal: answers go their ways through a thread, whatever happens to the thread or to other answers.
 * Method: the bundled thread, some of them behind a file that ends or blocks it at a given message.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { GRAMMAR_COMPILES_WAITING_MAX, GRAMMAR_JOB_MS_MAX } from "@/lib/limits";
import { seededRandom } from "@/lib/util/random";
import { TokenBytes } from "../text/token-bytes";
import { createGrammarCompiler } from "./create-grammar-compiler";
import type { GrammarCompiler, GrammarMatcher, GrammarSpec } from "./grammar";
import { listIds, testVocabulary } from "./testing";
import { toGrammarBytes } from "./vocabulary-bytes";

/** Written by the test run's set-up (scripts/bundle.mjs). */
const THREAD = new URL("../../../dist/grammar-thread.mjs", import.meta.url);
const { tokens, endId } = testVocabulary();
const never = new AbortController().signal;

const create = (threadUrl = THREAD): GrammarCompiler =>
  createGrammarCompiler({ vocabularySize: tokens.length, bytesOf: (id) => tokens[id], threadUrl });

const PERSON: GrammarSpec = {
  type: "json-schema",
  schema: {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 40 },
      age: { type: "integer", minimum: 0, maximum: 150 },
    },
    required: ["name", "age"],
    additionalProperties: false,
  },
};
const WORDS: GrammarSpec = { type: "regex", pattern: "([a-z]{2,9} ){5,20}end" };

const textOf = (ids: readonly number[]) =>
  Buffer.concat(ids.map((id) => tokens[id] ?? new Uint8Array(0))).toString();

/** Draws by `seed` until the answer is whole; calls `onToken` with the count so far. */
async function write(
  matcher: GrammarMatcher,
  seed: number,
  onToken: (count: number) => void = () => {},
): Promise<string> {
  const random = seededRandom(seed);
  const ids: number[] = [];
  for (;;) {
    await matcher.whenReady();
    if (matcher.isComplete) return textOf(ids);
    const allowed = listIds(matcher.mask!);
    const id = allowed[Math.floor(random() * allowed.length)]!;
    ids.push(id);
    matcher.accept(id);
    expect(matcher.mask).toBeUndefined();
    onToken(ids.length);
  }
}

async function writeAll(
  compiler: GrammarCompiler,
  onToken?: (count: number) => void,
): Promise<string[]> {
  const specs = [PERSON, WORDS, PERSON, { type: "json-object" } as const, WORDS];
  return await Promise.all(
    specs.map(async (spec, index) => {
      const matcher = await compiler.compile(spec, [endId], never);
      const text = await write(matcher, index, onToken);
      matcher.close();
      return text;
    }),
  );
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-grammar-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The thread behind a few lines that see each message first. */
async function behind(name: string, code: string): Promise<URL> {
  const path = join(folder, `${name}.mjs`);
  const marker = JSON.stringify(join(folder, `${name}.done`));
  await writeFile(
    path,
    `import { parentPort } from "node:worker_threads";
import { existsSync, writeFileSync } from "node:fs";
const isFirst = () => { if (existsSync(${marker})) return false; writeFileSync(${marker}, ""); return true; };
let count = 0;
const on = parentPort.on.bind(parentPort);
parentPort.on = (name, listener) => on(name, (message) => { count++; ${code}; listener(message); });
await import(${JSON.stringify(THREAD.href)});
`,
  );
  return pathToFileURL(path);
}

test("answers side by side are whole, and the same again", async () => {
  const compiler = create();
  const texts = await writeAll(compiler);
  expect(JSON.parse(texts[0]!)).toEqual({ name: expect.any(String), age: expect.any(Number) });
  expect(texts[1]).toMatch(/^([a-z]{2,9} ){5,20}end$/);
  expect(typeof JSON.parse(texts[3]!)).toBe("object");
  expect(await writeAll(compiler)).toEqual(texts);
  await compiler.close();
});

describe("a matcher", () => {
  test("ends with an end token, or by itself where there is none", async () => {
    const compiler = create();
    const spec: GrammarSpec = { type: "regex", pattern: "ab?" };
    const a = "a".charCodeAt(0);
    // "a" is an end token here, and so is no text.
    const ending = compiler.compile(spec, [endId, a], never);
    await expect(ending).rejects.toThrow(/No token of this model/);
    const matcher = await compiler.compile(spec, [endId], never);
    expect(listIds(matcher.mask!)).toEqual([a]);
    matcher.accept(a);
    await matcher.whenReady();
    expect(listIds(matcher.mask!)).toEqual([a + 1, endId]);
    expect(matcher.isComplete).toBe(false);
    matcher.accept(a + 1);
    await matcher.whenReady();
    expect([matcher.isComplete, listIds(matcher.mask!)]).toEqual([true, [endId]]);
    matcher.accept(endId);
    await matcher.whenReady();
    expect([matcher.isComplete, listIds(matcher.mask!)]).toEqual([true, []]);
    const without = await compiler.compile(spec, [], never);
    without.accept(a);
    await without.whenReady();
    expect([without.isComplete, listIds(without.mask!)]).toEqual([false, [a + 1]]);
    without.accept(a + 1);
    await without.whenReady();
    expect(without.isComplete).toBe(true);
    expect(() => matcher.accept(a)).toThrow(/one of the mask/);
    await compiler.close();
  });

  test("that is closed hears nothing more, and the others go on", async () => {
    const compiler = create();
    const [closed, other] = [
      await compiler.compile(WORDS, [endId], never),
      await compiler.compile(WORDS, [endId], never),
    ];
    closed.accept(listIds(closed.mask!)[0]!);
    closed.close();
    closed.close();
    expect(await write(other, 1)).toMatch(/end$/);
    expect(closed.mask).toBeUndefined();
    await compiler.close();
  });
});

test("control tokens and padding are never allowed, spelled tokens where their text fits", async () => {
  const tokenBytes = new TokenBytes({
    model: {
      type: "BPE",
      vocab: { a: 0, "\u0120": 1, "\u00c3": 2, "\u00a9": 3, "<x>": 4 },
      merges: [],
    },
    added_tokens: [
      { id: 5, content: "<end>", special: true },
      { id: 6, content: "[CALL]", special: true },
    ],
    decoder: { type: "ByteLevel" },
    // The parts of a tokenizer.json that token bytes are read from.
  } as unknown as ConstructorParameters<typeof TokenBytes>[0]);
  const compiler = createGrammarCompiler({
    vocabularySize: 40,
    bytesOf: toGrammarBytes(tokenBytes, ["[CALL]"]),
    threadUrl: THREAD,
  });
  const any = await compiler.compile({ type: "regex", pattern: "[^]*" }, [5], never);
  // É as its first byte; its second alone begins nothing.
  expect(listIds(any.mask!)).toEqual([0, 1, 2, 4, 5, 6]);
  any.accept(2);
  await any.whenReady();
  expect(listIds(any.mask!)).toEqual([3]);
  const call = await compiler.compile(
    {
      type: "structure",
      structure: {
        type: "tag",
        begin: "[CALL]",
        content: { type: "regex", pattern: "a" },
        end: "",
      },
    },
    [5],
    never,
  );
  expect(listIds(call.mask!)).toEqual([6]);
  await compiler.close();
});

test("a vocabulary of bytes in SentencePiece's spelling writes every character", async () => {
  const vocab = Object.fromEntries([
    ...Array.from({ length: 256 }, (_, byte) => [
      `<0x${byte.toString(16).padStart(2, "0").toUpperCase()}>`,
      byte,
    ]),
    ["\u2581", 256],
    ["\u2581\u65e5", 257],
  ]);
  const tokenBytes = new TokenBytes({
    model: { type: "BPE", vocab, merges: [] },
    added_tokens: [],
    decoder: { type: "Sequence", decoders: [{ type: "ByteFallback" }, { type: "Fuse" }] },
    // The parts of a tokenizer.json that token bytes are read from.
  } as unknown as ConstructorParameters<typeof TokenBytes>[0]);
  const compiler = createGrammarCompiler({
    vocabularySize: 260,
    bytesOf: toGrammarBytes(tokenBytes),
    threadUrl: THREAD,
  });
  const matcher = await compiler.compile(
    { type: "choice", choices: ["\u00e9 \u65e5\ud83d\ude00"] },
    [],
    never,
  );
  const written: number[] = [];
  const random = seededRandom(3);
  while (!matcher.isComplete) {
    const ids = listIds(matcher.mask!);
    written.push(ids[Math.floor(random() * ids.length)]!);
    matcher.accept(written.at(-1)!);
    await matcher.whenReady();
  }
  expect(Buffer.concat(written.map((id) => tokenBytes.get(id).bytes)).toString()).toBe(
    "\u00e9 \u65e5\ud83d\ude00",
  );
  await compiler.close();
});

describe("a thread that ends", () => {
  test("in the middle of answers is followed by another, and the answers are the same", async () => {
    const expected = create();
    const texts = await writeAll(expected);
    await expected.close();
    for (const count of [2, 9, 30]) {
      const url = await behind(
        `ends-${count}`,
        `if (count === ${count} && isFirst()) process.exit(3);`,
      );
      const compiler = create(url);
      expect(await writeAll(compiler)).toEqual(texts);
      await compiler.close();
    }
  });

  test("again and again at one answer fails that answer alone", async () => {
    const url = await behind(
      "ends-at",
      `if (message.spec?.includes("poison")) throw new Error("out of order");`,
    );
    const compiler = create(url);
    const good = await compiler.compile(WORDS, [endId], never);
    const bad = compiler.compile({ type: "choice", choices: ["poison"] }, [endId], never);
    await expect(bad).rejects.toMatchObject({
      code: "internal",
      param: "grammar",
      message: /failed twice/,
    });
    expect(await write(good, 4)).toMatch(/end$/);
    await compiler.close();
  });

  test("twice at one answer, with masks in between, ends none", async () => {
    // Each thread makes two masks.
    const url = await behind("ends-often", "if (count === 3) process.exit(3);");
    const compiler = create(url);
    const matcher = await compiler.compile({ type: "regex", pattern: "[01]{7}" }, [endId], never);
    expect(await write(matcher, 8)).toMatch(/^[01]{7}$/);
    await compiler.close();
  });

  test("before it begins fails who waits, with the cause", async () => {
    const compiler = create(pathToFileURL(join(folder, "missing.mjs")));
    const waiting = [1, 2].map(() => compiler.compile(WORDS, [endId], never));
    for (const result of await Promise.allSettled(waiting)) {
      const { code, cause } = result.status === "rejected" ? result.reason : {};
      expect(code).toBe("internal");
      expect(cause?.code).toMatch(/MODULE_NOT_FOUND$/);
    }
    await compiler.close();
  });

  test("because it took too long fails what it was at alone", async () => {
    const url = await behind("blocks", `if (message.spec?.includes("block")) for (;;);`);
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const compiler = create(url);
    const good = await compiler.compile(WORDS, [endId], never);
    const bad = compiler.compile({ type: "choice", choices: ["block"] }, [endId], never);
    const isRefused = expect(bad).rejects.toMatchObject({ code: "timeout", param: "grammar" });
    // By then the thread has been asked.
    await setImmediate();
    vi.advanceTimersByTime(1.2 * GRAMMAR_JOB_MS_MAX);
    await isRefused;
    vi.useRealTimers();
    expect(await write(good, 5)).toMatch(/end$/);
    await compiler.close();
  });
});

describe("bad grammars", () => {
  test("fail by themselves, beside an answer that goes on", async () => {
    const compiler = create();
    const good = await compiler.compile(WORDS, [endId], never);
    const writing = write(good, 6);
    const refused = (spec: GrammarSpec, message: RegExp) =>
      expect(compiler.compile(spec, [endId], never)).rejects.toMatchObject({
        code: "invalid-request",
        param: "grammar",
        message,
      });
    const deep = { type: "array" } as Record<string, unknown>;
    let at = deep;
    for (let depth = 0; depth < 100_000; depth++) {
      at.items = { type: "array" };
      at = at.items as Record<string, unknown>;
    }
    await Promise.all([
      refused(
        { type: "json-schema", schema: { enum: ["x".repeat(1_000_000)] } },
        /characters as JSON, more than the 131072/,
      ),
      refused({ type: "json-schema", schema: deep }, /nested too deep|characters as JSON/),
      refused({ type: "json-schema", schema: { type: "strin" } }, /"strin"/),
      refused({ type: "json-schema", schema: { $ref: "#" } }, /No text can meet/),
      refused(
        { type: "regex", pattern: "(([a-z]{0,400}){0,400}){0,400}" },
        /too (large|ambiguous)/,
      ),
      refused({ type: "choice", choices: [] }, /1 to 1024 texts/),
      refused({ type: "choice", choices: Array.from({ length: 1025 }, String) }, /1 to 1024 texts/),
    ]);
    const explosive = await compiler.compile(
      { type: "regex", pattern: "(a|b)*a(a|b){16}" },
      [endId],
      never,
    );
    expect(listIds(explosive.mask!)).toEqual(["a", "b"].map((it) => it.charCodeAt(0)));
    expect(await writing).toMatch(/end$/);
    await compiler.close();
  });

  test("that are slow are not blamed on who waits behind them", async () => {
    const url = await behind("blocks", `if (message.spec?.includes("block")) for (;;);`);
    const compiler = create(url);
    const good = await compiler.compile(WORDS, [endId], never);
    const late = new AbortController();
    const slow = [1, 2].map((index) =>
      compiler.compile({ type: "choice", choices: [`block ${index}`] }, [endId], never),
    );
    await setImmediate();
    vi.spyOn(AbortSignal, "timeout").mockReturnValueOnce(late.signal);
    const behindThem = compiler.compile(PERSON, [endId], never);
    await setImmediate();
    late.abort(new Error("late"));
    await expect(behindThem).rejects.toMatchObject({ code: "overloaded" });
    vi.restoreAllMocks();
    const failures = Promise.allSettled(slow);
    await compiler.close();
    expect(await failures).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
    await expect(good.whenReady()).rejects.toMatchObject({ code: "worker-lost" });
  });

  test("and too many at once are refused", async () => {
    const compiler = create();
    const all = Array.from({ length: GRAMMAR_COMPILES_WAITING_MAX + 1 }, () =>
      compiler.compile(WORDS, [endId], never),
    );
    const results = await Promise.allSettled(all);
    expect(results.at(-1)).toMatchObject({ status: "rejected", reason: { code: "overloaded" } });
    expect(results.filter((it) => it.status === "fulfilled")).toHaveLength(
      GRAMMAR_COMPILES_WAITING_MAX,
    );
    await compiler.close();
  });
});

test("an abort is heard in every phase", async () => {
  const compiler = create();
  await expect(
    compiler.compile(WORDS, [endId], AbortSignal.abort(new Error("before"))),
  ).rejects.toThrow("before");
  // Before the thread has even started.
  const starting = new AbortController();
  const first = compiler.compile(WORDS, [endId], starting.signal);
  starting.abort(new Error("starting"));
  await expect(first).rejects.toThrow("starting");
  // Behind another that is being read.
  const slow = compiler.compile(
    { type: "json-schema", schema: { type: "string", maxLength: 32_000 } },
    [endId],
    never,
  );
  const waiting = new AbortController();
  const second = compiler.compile(PERSON, [endId], waiting.signal);
  waiting.abort(new Error("waiting"));
  await expect(second).rejects.toThrow("waiting");
  await slow;
  // An abort afterwards is the caller's to act upon.
  const late = new AbortController();
  const matcher = await compiler.compile(WORDS, [endId], late.signal);
  late.abort();
  expect(await write(matcher, 7)).toMatch(/end$/);
  await compiler.close();
});

test("closing ends the thread and whoever waits for it", async () => {
  const unused = create();
  await unused.close();
  const compiler = create();
  const matcher = await compiler.compile(WORDS, [endId], never);
  const pending = compiler.compile(PERSON, [endId], never);
  matcher.accept(listIds(matcher.mask!)[0]!);
  const waiting = matcher.whenReady();
  const failures = Promise.allSettled([pending, waiting]);
  await compiler.close();
  expect(await failures).toMatchObject([
    { status: "rejected", reason: { code: "worker-lost" } },
    { status: "rejected", reason: { code: "worker-lost" } },
  ]);
  await expect(compiler.compile(WORDS, [endId], never)).rejects.toMatchObject({
    code: "worker-lost",
  });
});
