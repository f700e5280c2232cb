/**
 * Goal: what is held to a grammar keeps to it, whatever the model would say, and plain answers beside
 * it are what they are alone.
 * Method: models with random weights, so that nothing but the grammar makes sense of the text, at
 * temperature 1, through the real compiler and its thread.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isAppError } from "@/lib/errors";
import { Engine, type EngineRequest } from "./engine";
import type { GrammarSpec } from "./grammar/grammar";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const THREAD = new URL("../../dist/grammar-thread.mjs", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "parley-grammar-"));
let engine: Engine;

beforeAll(async () => {
  await writeSyntheticModel({
    ...{ folder, form: "fp32", preset: "tiny", seed: 5 },
    dimensions: { vocabularySize: 600 },
  });
  const options = { threadCount: 1, slotCount: 4, graphCacheFolder: folder };
  engine = await Engine.load(folder, { ...options, grammarThreadUrl: THREAD });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (grammar: GrammarSpec | undefined, seed: number, more: object = {}): EngineRequest => ({
  ...{ promptIds: [seed, 6, 7], sampling: { temperature: 1, seed }, stop: [], grammar },
  ...{ maxTokens: 60, logProbabilityCount: 0, ...more },
});

describe("an answer", () => {
  test("is a number where a number is asked for", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { text, end } = await collect(
        engine,
        ask({ type: "regex", pattern: "-?[0-9]{1,4}" }, seed),
      );
      expect(end.finishReason).toBe("stop");
      expect(text).toMatch(/^-?[0-9]{1,4}$/);
    }
  });

  test("is one of the choices", async () => {
    const choices = ["yes", "no", "no idea"];
    const seen = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const { text } = await collect(engine, ask({ type: "choice", choices }, seed));
      expect(choices).toContain(text);
      seen.add(text);
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  test("keeps to its schema", async () => {
    const schema = {
      type: "object",
      properties: {
        kind: { enum: ["a", "b"] },
        count: { type: "integer", minimum: 0, maximum: 20 },
        tags: { type: "array", items: { type: "string", maxLength: 5 }, maxItems: 3 },
      },
      required: ["kind", "count", "tags"],
      additionalProperties: false,
    };
    let finished = 0;
    for (let seed = 0; seed < 20; seed++) {
      const request = ask({ type: "json-schema", schema }, seed, { maxTokens: 120 });
      const { text, end } = await collect(engine, request);
      if (end.finishReason !== "stop") continue;
      finished++;
      const value = JSON.parse(text);
      expect(Object.keys(value).toSorted()).toEqual(["count", "kind", "tags"]);
      expect(["a", "b"]).toContain(value.kind);
      expect(value.count).toBeGreaterThanOrEqual(0);
      expect(value.count).toBeLessThanOrEqual(20);
    }
    expect(finished).toBeGreaterThan(10);
  });

  test("is what it is alone, beside others that are held and others that are not", async () => {
    const specs: (GrammarSpec | undefined)[] = [
      ...[undefined, { type: "json-object" } as const],
      ...[undefined, { type: "regex", pattern: "[a-f]{3,30}" } as const],
    ];
    const requests = Array.from({ length: 24 }, (_, seed) => ask(specs[seed % 4], seed));
    const alone: unknown[] = [];
    for (const request of requests) alone.push((await collect(engine, request)).tokens);
    const together = await Promise.all(
      requests.map(async (request) => (await collect(engine, request)).tokens),
    );
    expect(together).toEqual(alone);
  });
});

describe("what cannot be held to", () => {
  test.each<[name: string, grammar: GrammarSpec]>([
    ["a schema that nothing meets", { type: "json-schema", schema: false }],
    ["no type at all", { type: "json-schema", schema: { type: "strin" } }],
    ["an endless recursion", { type: "json-schema", schema: { $ref: "#" } }],
    ["a keyword that is not kept", { type: "json-schema", schema: { not: { type: "string" } } }],
    ["an open bracket", { type: "regex", pattern: "(a" }],
    ["a look-ahead", { type: "regex", pattern: "(?=a)b" }],
    ["a back-reference", { type: "regex", pattern: "(a)\\1" }],
  ])("%s is refused, and others go on", async (_, grammar) => {
    const plain = collect(engine, ask(undefined, 1));
    const error = await collect(engine, ask(grammar, 1)).catch((it: unknown) => it);
    expect(isAppError(error) && error.code).toBe("invalid-request");
    expect((await plain).tokens.length).toBeGreaterThan(0);
    await vi.waitFor(() => expect(engine.heldSlotCount).toBe(0));
  });
});

test("a vocabulary whose words bring the space before them keeps to the text, first space and all", async () => {
  const own = mkdtempSync(join(tmpdir(), "parley-grammar-spm-"));
  await writeSyntheticModel({
    ...{ folder: own, form: "fp32", preset: "tiny", seed: 5 },
    dimensions: { vocabularySize: 600 },
  });
  const path = join(own, "tokenizer.json");
  const json = JSON.parse(readFileSync(path, "utf8"));
  const pieces = [
    "\u2581",
    "\u2581yes",
    "\u2581\u2581yes",
    "yes",
    "\u2581no",
    "no",
    "{",
    '"',
    "}",
    "a",
    ":",
  ];
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  });
  const taken = new Set(json.added_tokens.map((it: { id: number }) => it.id));
  const free = Array.from({ length: 600 }, (_, id) => id).filter((id) => !taken.has(id));
  const vocab = Object.fromEntries([...bytes, ...pieces].map((it, index) => [it, free[index]]));
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  json.decoder = {
    type: "Sequence",
    decoders: [{ type: "ByteFallback" }, { type: "Fuse" }, strip],
  };
  json.pre_tokenizer = null;
  json.model = { type: "BPE", vocab, merges: [], byte_fallback: true };
  writeFileSync(path, JSON.stringify(json));
  const spaced = await Engine.load(own, {
    ...{ threadCount: 1, slotCount: 2, graphCacheFolder: own, grammarThreadUrl: THREAD },
  });
  try {
    expect(spaced.model.tokenBytes.dropsFirstSpace).toBe(true);
    for (let seed = 0; seed < 8; seed++) {
      const choices = [" yes", "no"];
      expect(choices).toContain(
        (await collect(spaced, ask({ type: "choice", choices }, seed))).text,
      );
      const { text } = await collect(spaced, ask({ type: "regex", pattern: " {2}a?" }, seed));
      expect(text).toMatch(/^ {2}a?$/);
    }
  } finally {
    await spaced.close();
    rmSync(own, { recursive: true, force: true });
  }
});
