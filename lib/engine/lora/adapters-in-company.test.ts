/**
 * Goal: requests for a base and for adapters over it, answered together, get what each gets alone, and
 * nothing that one adapter made of a prompt is handed to another.
 * Method: seeded rounds of prompts that share their beginnings, in an engine of four rows whose memory is
 * NaN at first, beside an engine that answers one at a time; greedy answers beside merged models.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { Engine, type EngineRequest } from "../engine";
import { writeSyntheticAdapter } from "../synthetic/write-synthetic-adapter";
import { toDimensions, writeSyntheticModel } from "../synthetic/write-synthetic-model";
import { collect } from "../testing";

const root = mkdtempSync(join(tmpdir(), "parley-adapters-"));
const dimensions = toDimensions({ dimensions: { vocabularySize: 300 } });
const MODEL = { dimensions: { vocabularySize: 300 }, seed: 3 };
const ADAPTERS = { poet: { seed: 9, rank: 4 }, judge: { seed: 10, rank: 8 } };
const NAMES = [undefined, ...Object.keys(ADAPTERS)];
const ROUNDS = 12;

const engines: Engine[] = [];
const load = async (folder: string, slotCount: number, names: string[]) => {
  const engine = await Engine.load(join(root, folder), {
    ...{ threadCount: 1, slotCount, graphCacheFolder: root, chunkTokens: 8 },
    adapters: names.map((name) => ({ name, path: join(root, `${name}.onnx_adapter`) })),
  });
  engines.push(engine);
  return engine;
};

beforeAll(async () => {
  await writeSyntheticModel({ folder: join(root, "base"), ...MODEL, takesAdapters: true });
  await writeSyntheticModel({ folder: join(root, "plain"), ...MODEL });
  for (const [name, adapter] of Object.entries(ADAPTERS)) {
    await writeSyntheticAdapter({
      path: join(root, `${name}.onnx_adapter`),
      dimensions,
      ...adapter,
    });
    await writeSyntheticModel({ folder: join(root, name), ...MODEL, merged: adapter });
  }
});
afterAll(async () => {
  await Promise.all(engines.map((it) => it.close()));
  rmSync(root, { recursive: true, force: true });
});

function drawRequests(random: () => number): EngineRequest[] {
  const pick = (count: number) => Math.floor(random() * count);
  const ids = (count: number) => Array.from({ length: count }, () => pick(300));
  const beginning = ids(32);
  return Array.from({ length: 4 + pick(5) }, () => ({
    // The same beginning for every adapter: what one left in a row would fit the others.
    promptIds: [...beginning.slice(0, 16 + pick(17)), ...ids(1 + pick(6))],
    sampling: { temperature: random() < 0.5 ? 0 : 1, seed: pick(2 ** 40) },
    ...{ stop: [], ignoreEos: true, maxTokens: 3 + pick(12), logProbabilityCount: 2 },
    adapter: NAMES[pick(NAMES.length)],
  }));
}

const toResult = ({ text, tokens, end }: Awaited<ReturnType<typeof collect>>) => ({
  ...{ text, tokens, finishReason: end.finishReason },
});

test("answers in company equal answers alone, and those of merged models", async () => {
  const seed = Math.floor(Math.random() * 1e9);
  const random = seededRandom(seed);
  const together = await load("base", 4, Object.keys(ADAPTERS));
  const alone = await load("base", 1, Object.keys(ADAPTERS));
  const merged = new Map(
    await Promise.all(
      NAMES.map(async (name) => [name, await load(name ?? "plain", 1, [])] as const),
    ),
  );
  let reused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const requests = drawRequests(random);
    together.poisonCache();
    const answers = await Promise.all(requests.map((it) => collect(together, it)));
    for (const [index, request] of requests.entries()) {
      const what = `seed ${seed}, round ${round}, request ${index} (${request.adapter})`;
      const answer = answers[index]!;
      reused += answer.end.cachedPromptTokenCount;
      alone.poisonCache();
      expect(toResult(answer), what).toEqual(toResult(await collect(alone, request)));
      const { adapter, ...plain } = request;
      const same = await collect(merged.get(adapter)!, plain);
      // Merged weights round otherwise: a near tie may fall to the other side, late.
      const first = (it: typeof same) => it.tokens[0]?.logProbability ?? Number.NaN;
      expect(Math.abs(first(answer) - first(same)), what).toBeLessThan(1e-3);
    }
  }
  expect(reused, `seed ${seed}: prompts were reused`).toBeGreaterThan(ROUNDS);
});
