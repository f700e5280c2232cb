/**
 * Goal: whatever a model would say, what it is held to is valid when it ends, and the beginning of
 * something valid when it is cut off; and plain answers in the same batches are what they are alone.
 * Method: 300 schemas and expressions drawn by seed, each answered by a model with random weights at
 * temperature 1, four at a time with a plain answer among them. `ajv` and `RegExp` judge.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import { type Random, seededRandom } from "@/lib/util/random";
import { Engine, type EngineRequest } from "./engine";
import { makeRegex, makeRoot, validatorOf } from "./grammar/drawn-specs";
import type { GrammarSpec } from "./grammar/grammar";
import { GrammarWalker, testVocabulary } from "./grammar/testing";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const SPEC_COUNT = 300;
const MAX_TOKENS = 40;
const folder = mkdtempSync(join(tmpdir(), "parley-grammar-fuzz-"));
/** Hundreds of answers: a third of a minute by itself, several times that on a machine that does more. */
const FUZZ_MS_MAX = 180_000;
const seed = Math.floor(Math.random() * 1e9);
process.stdout.write(`engine grammar fuzz: seed ${seed}\n`);
const walker = new GrammarWalker(testVocabulary());
let engine: Engine;

beforeAll(async () => {
  await writeSyntheticModel({
    ...{ folder, form: "fp32", preset: "tiny", seed: 7 },
    dimensions: { vocabularySize: 600 },
  });
  engine = await Engine.load(folder, {
    ...{ threadCount: 1, slotCount: 4, graphCacheFolder: folder },
    grammarThreadUrl: new URL("../../dist/grammar-thread.mjs", import.meta.url),
  });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

type Drawn = { spec: GrammarSpec; isMet: (text: string) => boolean };

function draw(random: Random): Drawn {
  if (random() < 0.3) {
    const pattern = makeRegex(random, 3);
    const whole = new RegExp(`^(?:${pattern})$`, "u");
    return { spec: { type: "regex", pattern }, isMet: (text) => whole.test(text) };
  }
  const schema = makeRoot(random);
  const validate = validatorOf(schema);
  return { spec: { type: "json-schema", schema }, isMet: (text) => validate(JSON.parse(text)) };
}

const ask = (index: number, grammar?: GrammarSpec): EngineRequest => ({
  promptIds: [index % 500, (7 * index) % 500, 3],
  sampling: { temperature: 1, seed: seed + index },
  ...{ stop: [], maxTokens: MAX_TOKENS, logProbabilityCount: 0, grammar },
});

/** Undefined when it was refused, as what contradicts itself is. */
async function answer(index: number, { spec, isMet }: Drawn): Promise<"whole" | "cut" | undefined> {
  const label = `seed ${seed}, ${index}: ${JSON.stringify(spec)}`;
  const answered = await collect(engine, ask(index, spec)).catch((error: unknown) => {
    if (isAppError(error) && error.code === "invalid-request") return undefined;
    throw new Error(label, { cause: error });
  });
  if (!answered) return undefined;
  if (answered.end.finishReason === "stop") {
    expect(isMet(answered.text), `${label}: ${answered.text}`).toBe(true);
    return "whole";
  }
  const pieces = answered.tokens.map((it) => engine.model.tokenBytes.get(it.id).bytes);
  const completed = walker.complete(spec, Buffer.concat(pieces));
  expect(completed, label).toBeDefined();
  expect(isMet(completed ?? ""), `${label}: ${completed}`).toBe(true);
  return "cut";
}

test(
  "what is held to a grammar is valid, or the beginning of something valid",
  async () => {
    const random = seededRandom(seed);
    const plainAlone = (await collect(engine, ask(1))).tokens;
    const counts = { whole: 0, cut: 0, refused: 0 };
    for (let index = 0; counts.whole + counts.cut < SPEC_COUNT; index += 3) {
      const held = [0, 1, 2].map((offset) => answer(index + offset, draw(random)));
      const [plain, ...outcomes] = await Promise.all([collect(engine, ask(1)), ...held]);
      expect(plain.tokens).toEqual(plainAlone);
      for (const outcome of outcomes) counts[outcome ?? "refused"]++;
    }
    // Of each there are enough to have tried it.
    expect(counts.whole).toBeGreaterThan(50);
    expect(counts.cut).toBeGreaterThan(20);
    expect(counts.refused).toBeLessThan(SPEC_COUNT / 3);
  },
  FUZZ_MS_MAX,
);
