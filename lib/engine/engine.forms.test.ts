/**
 * Goal: a model is the same model whichever way its graph keeps keys and values.
 * Method: the same seeded weights written with GroupQueryAttention and with attention in plain operators, in all
 * ways in which positions, masks and scales are exported. Random mixes (shared beginnings, arrivals between
 * steps, leavers, few slots) are answered together by the form under test and one by one by the other, tokens and
 * their log-probabilities compared. Rounding differs, so tokens may part where the two best are as near as
 * that; from there on answers are not compared. All cache memory is poisoned with NaN first.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { seededRandom } from "@/lib/util/random";
import type { GraphForm } from "./create-runner";
import { Engine, type EngineOptions, type EngineRequest } from "./engine";
import type { GrowingForm } from "./synthetic/growing-attention";
import type { WeightForm } from "./synthetic/weight-form";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

/** So wide a cap leaves scores as they are to six digits, and is none that GroupQueryAttention is put for. */
const NOT_FUSED = { softCap: 10_000 };
const DIMENSIONS = { vocabularySize: 300, kvHeadCount: 2 };
const MIXES = 4;

const folder = mkdtempSync(join(tmpdir(), "parley-forms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let modelCount = 0;
async function load(
  model: { form?: WeightForm; growing?: GrowingForm; kvHeadCount?: number },
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const path = join(folder, `model-${modelCount++}`);
  const { form, growing, kvHeadCount = DIMENSIONS.kvHeadCount } = model;
  await writeSyntheticModel({
    folder: path,
    ...{ seed: 3, dimensions: { ...DIMENSIONS, kvHeadCount } },
    ...(form && { form }),
    ...(growing && { growing }),
  });
  return Engine.load(path, {
    // Short chunks, so that prompts of a few dozen tokens have several and share some.
    ...{ threadCount: 1, slotCount: 3, chunkTokens: 8, graphCacheFolder: folder },
    ...options,
  });
}

type Asked = { request: EngineRequest; leavesAfter: number | undefined };

function drawMix(random: () => number): Asked[] {
  const pick = (count: number) => Math.floor(random() * count);
  const ids = (count: number) => Array.from({ length: count }, () => pick(297));
  const beginning = ids(40);
  return Array.from({ length: 4 + pick(3) }, (_, index) => ({
    request: {
      // The last one begins like the first, which is under way by then.
      promptIds: [
        ...(random() < 0.5 || index % 3 === 0 ? beginning.slice(0, 16 + pick(25)) : []),
        ...ids(1 + pick(60)),
      ],
      ...{ sampling: { temperature: 0 }, stop: [], ignoreEos: true },
      maxTokens: 2 + pick(20),
      logProbabilityCount: 2,
    },
    leavesAfter: random() < 0.2 ? 1 + pick(6) : undefined,
  }));
}

/** Everyone's answer, undefined for who left. */
async function answerTogether(engine: Engine, mix: readonly Asked[]) {
  return Promise.all(
    mix.map(async ({ request, leavesAfter }) => {
      const abort = new AbortController();
      let count = 0;
      const answer = collect(engine, request, abort.signal, () => {
        engine.assertConsistent();
        if (count++ === leavesAfter) abort.abort();
      });
      return leavesAfter === undefined ? answer : answer.catch(() => undefined);
    }),
  );
}

type Answer = Awaited<ReturnType<typeof collect>>;

/** Fails where two answers differ by more than rounding; returns how many tokens were compared. */
function expectSame(found: Answer, expected: Answer, tolerance: number): number {
  for (const [at, token] of expected.tokens.entries()) {
    const other = found.tokens[at];
    if (other?.id === token.id) {
      expect(Math.abs(other.logProbability - token.logProbability)).toBeLessThan(tolerance);
      continue;
    }
    const [best, second] = token.alternatives;
    const margin = best!.logProbability - second!.logProbability;
    expect(margin, `token ${at} is ${other?.id}, not ${token.id}`).toBeLessThan(2 * tolerance);
    return at;
  }
  return expected.tokens.length;
}

async function compareMixes(engine: Engine, reference: Engine, tolerance: number) {
  const seed = Math.floor(Math.random() * 1e9);
  const random = seededRandom(seed);
  let [compared, asked, reused] = [0, 0, 0];
  for (let index = 0; index < MIXES; index++) {
    const mix = drawMix(random);
    engine.poisonCache();
    const answers = await answerTogether(engine, mix);
    await vi.waitFor(() => expect(engine.heldSlotCount).toBe(0));
    for (const [at, answer] of answers.entries()) {
      if (!answer) continue;
      reference.poisonCache();
      const expected = await collect(reference, mix[at]!.request);
      compared += expectSame(answer, expected, tolerance);
      asked += expected.tokens.length;
      reused += answer.end.cachedPromptTokenCount;
    }
  }
  expect(compared / asked, `seed ${seed}`).toBeGreaterThan(0.8);
  expect(reused, `seed ${seed}`).toBeGreaterThan(0);
}

type Case = {
  growing: GrowingForm;
  name: GraphForm["name"];
  isBatchInvariant: boolean;
  options?: Partial<EngineOptions>;
};

const CASES: Case[] = [
  { growing: {}, name: "fused", isBatchInvariant: true },
  { growing: { scaling: "sides" }, name: "fused", isBatchInvariant: true },
  { growing: { positions: "mask" }, name: "fused", isBatchInvariant: true },
  { growing: { positions: "length" }, name: "fused-alone", isBatchInvariant: true },
  { growing: NOT_FUSED, name: "growing", isBatchInvariant: false },
  { growing: { ...NOT_FUSED, positions: "mask" }, name: "growing", isBatchInvariant: false },
  {
    growing: { ...NOT_FUSED, positions: "length", scaling: "sides" },
    ...{ name: "growing-alone", isBatchInvariant: true },
  },
  {
    growing: NOT_FUSED,
    ...{ name: "growing", isBatchInvariant: false, options: { sessionKind: "portable" } },
  },
];

/**
 * Of log-probabilities. Seen: 2e-5 in fp32, 0.03 in fp16, and 0.03 where the last digit of attention can tip an
 * activation to the next of 256 steps.
 */
const TOLERANCES = { fp32: 1e-3, fp16: 0.15, "int4-block32": 0.15 } as const;

describe.each(["fp32", "int4-block32", "fp16"] as const)("%s", (form) => {
  const tolerance = TOLERANCES[form];
  let reference: Engine;
  beforeAll(async () => {
    reference = await load({ form }, { slotCount: 1 });
    expect(reference.model.form).toMatchObject({ name: "in-place", limits: [] });
  });
  afterAll(() => reference.close());

  test.each(CASES)("$growing $options is served as $name", async (it) => {
    const engine = await load({ form, growing: it.growing }, it.options);
    const { form: found, isBatchInvariant, warnings } = engine.model;
    expect(found.name).toBe(it.name);
    expect(isBatchInvariant).toBe(it.isBatchInvariant);
    expect(warnings).toEqual(expect.arrayContaining(found.limits));
    await compareMixes(engine, reference, tolerance);
    await engine.close();
  });
});

test("one operator for all of attention is replaced, too", async () => {
  const reference = await load({ kvHeadCount: 4 }, { slotCount: 1 });
  const growing = { operator: "MultiHeadAttention" } as const;
  const engine = await load({ kvHeadCount: 4, growing });
  expect(engine.model.form.name).toBe("fused");
  await compareMixes(engine, reference, 1e-3);
  await engine.close();
  await reference.close();
});

describe("what is not the attention it looks like", () => {
  test("with a cap on its scores is served as it is, with the reason", async () => {
    const engine = await load({ growing: { softCap: 5 } });
    expect(engine.model.form).toMatchObject({
      name: "growing",
      summary: expect.stringContaining("no pair of products around a Softmax"),
    });
    await engine.close();
  });

  test("with a window runs its rows alone, unless all that is served lies in it", async () => {
    const growing = { window: 48 };
    const engine = await load({ growing });
    const { name, summary } = engine.model.form;
    expect(name).toBe("growing-alone");
    expect(summary).toContain("looks back a limited number of tokens");
    const short = await load({ growing }, { contextLengthMax: 48 });
    expect(short.model.form.name).toBe("fused");
    const request = {
      promptIds: Array.from({ length: 30 }, (_, at) => (at * 31) % 297),
      ...{ sampling: { temperature: 0 }, stop: [], ignoreEos: true, maxTokens: 17 },
    };
    // Three at once, of which the graph must not see each other's unused places.
    const texts = await Promise.all(
      [engine, engine, engine, short].map(async (it) => (await collect(it, request)).text),
    );
    expect(new Set(texts).size).toBe(1);
    await Promise.all([engine.close(), short.close()]);
  });
});

test("dynamic scales are refused without leave where rows share passes", async () => {
  const shared = { form: "int8-dynamic", growing: NOT_FUSED } as const;
  await expect(load(shared)).rejects.toThrow(/depending on who else is served/);
  const engine = await load(shared, { mayVaryWithBatch: true });
  expect(engine.model.isBatchInvariant).toBe(false);
  await engine.close();
  // One row in every pass has its scale to itself.
  const alone = await load({ ...shared, growing: { ...NOT_FUSED, positions: "length" } });
  expect(alone.model.isBatchInvariant).toBe(true);
  await alone.close();
});

test("the memory of a growing cache is counted twice and more", async () => {
  const plain = await load({});
  const growing = await load({ growing: NOT_FUSED });
  const cacheBytes = ({ model }: Engine) => model.memory.bytes - model.files.weightBytes;
  // Four heads' scores of a chunk, three times.
  const scoreBytes = 3 * 4 * 64 * 512 * 4;
  expect(cacheBytes(growing)).toBeGreaterThan(2 * cacheBytes(plain) + scoreBytes);
  await Promise.all([plain.close(), growing.close()]);
});
