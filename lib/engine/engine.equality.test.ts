/**
 * Goal: what a request gets does not depend on who else is served, for each form of weights.
 * Method: seeded random mixes (prompts with shared beginnings, lengths, sampling, arrivals between
 * steps, aborts) are answered together by one engine with few slots, and one after the other by an
 * engine of one slot that may reuse nothing. Tokens and their log-probabilities must be equal bit for
 * bit: the kernels of these forms give a row the same numbers in any batch. All KV memory is poisoned
 * with NaN first, so a position read too far is seen. `int8-dynamic` is the form in which they do not,
 * and with it the same test must be able to fail.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { Engine, type EngineRequest } from "./engine";
import type { GrowingForm } from "./synthetic/growing-attention";
import type { WeightForm } from "./synthetic/weight-form";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

/** Mixes a form; `FUZZ_MIXES` asks for more or fewer. */
const MIX_COUNT = Number(process.env.FUZZ_MIXES ?? 200);
const FORMS: WeightForm[] = [
  ...(["fp32", "fp16", "int8-rows", "int8-block32"] as const),
  ...(["int8-block128", "int4-block32", "int4-block128"] as const),
];
const SLOT_COUNT = 4;
const VOCABULARY_SIZE = 300;

const folder = mkdtempSync(join(tmpdir(), "parley-equality-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Mix = { request: EngineRequest; arrivesAfter: number; leavesAfter: number | undefined }[];

/** One mix: who comes after how many events of the others, asks what, and leaves when. */
function drawMix(random: () => number): Mix {
  const pick = (count: number) => Math.floor(random() * count);
  const ids = (count: number) => Array.from({ length: count }, () => pick(VOCABULARY_SIZE));
  const beginnings = [ids(24), ids(40)];
  return Array.from({ length: 3 + pick(6) }, () => {
    const shared = random() < 0.5 ? beginnings[pick(2)]!.slice(0, 8 + pick(33)) : [];
    const isGreedy = random() < 0.4;
    const penalty = () => (random() < 0.2 ? random() : 0);
    return {
      request: {
        promptIds: [...shared, ...ids(1 + pick(30))],
        sampling: {
          temperature: isGreedy ? 0 : 0.2 + random() * 1.5,
          topP: random() < 0.5 ? 1 : 0.3 + random() * 0.7,
          topK: random() < 0.5 ? 0 : 1 + pick(80),
          minP: random() < 0.7 ? 0 : random() * 0.3,
          presencePenalty: penalty(),
          frequencyPenalty: penalty(),
          repetitionPenalty: random() < 0.8 ? 1 : 1 + random(),
          logitBias: random() < 0.8 ? new Map() : new Map([[pick(VOCABULARY_SIZE), 5 - pick(10)]]),
          seed: pick(2 ** 40),
        },
        stop: [],
        stopTokenIds: random() < 0.3 ? ids(5) : [],
        minTokens: pick(4),
        ignoreEos: random() < 0.5,
        maxTokens: 4 + pick(22),
        logProbabilityCount: random() < 0.5 ? pick(4) : undefined,
        reportPrompt: random() < 0.15,
      },
      arrivesAfter: pick(40),
      leavesAfter: random() < 0.15 ? pick(12) : undefined,
    };
  });
}

/** What is compared: text and tokens, with every reported number. */
function toResult({
  text,
  tokens,
  promptLogProbabilities,
  end,
}: Awaited<ReturnType<typeof collect>>) {
  const { finishReason, completionTokenCount } = end;
  return { text, tokens, promptLogProbabilities, finishReason, completionTokenCount };
}

async function answerTogether(engine: Engine, mix: Mix) {
  let eventCount = 0;
  const arrivals: { at: number; come: () => void }[] = [];
  const onEvent = () => {
    eventCount++;
    engine.assertConsistent();
    letCome();
  };
  const letCome = () => {
    for (const arrival of arrivals.splice(0)) {
      if (arrival.at <= eventCount || engine.runningCount === 0) arrival.come();
      else arrivals.push(arrival);
    }
  };
  const answers = mix.map(async ({ request, arrivesAfter, leavesAfter }) => {
    await new Promise<void>((come) => arrivals.push({ at: arrivesAfter, come }));
    const abort = new AbortController();
    let own = 0;
    const answer = collect(engine, request, abort.signal, () => {
      onEvent();
      if (own++ === leavesAfter) abort.abort();
    });
    // Who leaves in time gets no end; the others are not to notice.
    if (leavesAfter === undefined) return answer;
    return answer.catch(() => undefined);
  });
  // Whenever everyone present has gone, the next may come.
  const pump = setInterval(letCome, 0);
  letCome();
  try {
    return await Promise.all(answers);
  } finally {
    clearInterval(pump);
  }
}

async function countDifferent(
  form: WeightForm,
  mixCount: number,
  seed: number,
  growing?: GrowingForm,
) {
  const path = join(folder, `${form}-${Object.values(growing ?? {}).join("-")}`);
  await writeSyntheticModel({
    folder: path,
    ...{ preset: "tiny", dimensions: { vocabularySize: VOCABULARY_SIZE }, seed: 1, form },
    ...(growing && { growing }),
  });
  const options = {
    ...{ threadCount: 1, mayVaryWithBatch: form === "int8-dynamic", graphCacheFolder: folder },
    // Short, so that prompts of a few dozen tokens have several and share some.
    chunkTokens: 8,
  };
  const together = await Engine.load(path, { ...options, slotCount: SLOT_COUNT });
  const alone = await Engine.load(path, { ...options, slotCount: 1 });
  const random = seededRandom(seed);
  const different: string[] = [];
  let reused = 0;
  let reusedAlone = 0;
  try {
    for (let index = 0; index < mixCount; index++) {
      const mix = drawMix(random);
      together.poisonCache();
      const answers = await answerTogether(together, mix);
      await vi.waitFor(() => {
        expect([together.runningCount, together.heldSlotCount]).toEqual([0, 0]);
      });
      for (const [at, answer] of answers.entries()) {
        if (!answer) continue;
        reused += answer.end.cachedPromptTokenCount;
        alone.poisonCache();
        const single = await collect(alone, mix[at]!.request);
        reusedAlone += single.end.cachedPromptTokenCount;
        const isSame = JSON.stringify(toResult(single)) === JSON.stringify(toResult(answer));
        if (!isSame) different.push(`seed ${seed}, mix ${index}, request ${at}`);
      }
    }
  } finally {
    await together.close();
    await alone.close();
  }
  expect(reusedAlone, "the other engine starts from nothing").toBe(0);
  expect(reused, "keys and values were handed on").toBeGreaterThan(5 * mixCount);
  return different;
}

describe.each(FORMS)("%s", (form) => {
  test("answers in company equal answers alone", { timeout: 120_000 }, async () => {
    const seed = Math.floor(Math.random() * 1e9);
    expect(await countDifferent(form, MIX_COUNT, seed)).toEqual([]);
  });
});

/** Attention in plain operators that is replaced when the graph is prepared, or whose rows run alone. */
describe.each([
  ["fp32", { positions: "input" }],
  ["int4-block128", { positions: "mask" }],
  ["int8-rows", { positions: "length" }],
  ["fp32", { positions: "length", softCap: 5 }],
] as const)("%s, growing %o", (form, growing) => {
  test("answers in company equal answers alone", { timeout: 120_000 }, async () => {
    const seed = Math.floor(Math.random() * 1e9);
    const mixCount = Math.max(20, Math.ceil(MIX_COUNT / 10));
    expect(await countDifferent(form, mixCount, seed, growing)).toEqual([]);
  });
});

describe("a long prompt that has the model to itself runs several chunks in one pass", () => {
  test.each(["fp32", "int8-block32", "int4-block128", "int8-rows"] as const)(
    "%s: at the lengths that leave tokens over from a tile, as in company",
    async (form) => {
      const path = join(folder, `long-${form}`);
      // Attention tiles depend on the size of a head; 64 is what most models have.
      const dimensions = { headSize: 64, headCount: 2, kvHeadCount: 1, hiddenSize: 128 };
      await writeSyntheticModel({ folder: path, preset: "tiny", dimensions, seed: 2, form });
      const options = { threadCount: 1, slotCount: 4, graphCacheFolder: folder };
      const engine = await Engine.load(path, options);
      const random = seededRandom(9);
      const requests = [65, 129, 130, 193, 257, 320, 385].map((length) => ({
        promptIds: Array.from({ length }, () => Math.floor(random() * 900)),
        ...{ sampling: { temperature: 0 }, stop: [], ignoreEos: true, maxTokens: 4 },
        logProbabilityCount: 3,
      }));
      const prefill = vi.spyOn(engine.model.runner, "prefill");
      const alone: object[] = [];
      for (const request of requests) {
        engine.poisonCache();
        alone.push(toResult(await collect(engine, request)));
      }
      const longest = Math.max(...prefill.mock.calls.map(([{ ids }]) => ids.length));
      engine.poisonCache();
      const together = await Promise.all(requests.map((request) => collect(engine, request)));
      prefill.mockRestore();
      await engine.close();
      expect(together.map(toResult)).toEqual(alone);
      // Other processors may want every chunk by itself; on this kind they are joined.
      if (process.arch === "x64") expect(longest).toBeGreaterThan(64);
    },
  );
});

describe("int8-dynamic, which scales activations over the whole batch", () => {
  test("answers differ in company, so the test can tell", { timeout: 120_000 }, async () => {
    expect((await countDifferent("int8-dynamic", 20, 4_711)).length).toBeGreaterThan(0);
  });
});
