/**
 * Goal: a text read in chunks beside others has the vector that it has alone and in one piece.
 * Method: seeded decoders of both cache forms; the graph as it was written, run by hand over the whole
 * text with an empty past.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { embedTokens } from "./embedder";
import { type LoadedModel, loadModel } from "./load-model";
import { openGraphSession } from "./onnx/open-session";
import { type SyntheticModelOptions, writeSyntheticModel } from "./synthetic/write-synthetic-model";

const never = new AbortController().signal;
const CONTEXT = 199;
const random = seededRandom(4);
const drawIds = (count: number) => Array.from({ length: count }, () => Math.floor(random() * 900));

async function readWhole({ files, runner }: LoadedModel, ids: readonly number[]) {
  const { session } = await openGraphSession(files.weightPath, { threadCount: 1 });
  const binding = session.createBinding();
  const dims = [1, ids.length];
  const int64 = (values: readonly number[]) =>
    ({ type: "int64", data: BigInt64Array.from(values, BigInt), dims }) as const;
  binding.bindInput("input_ids", int64(ids));
  binding.bindInput("attention_mask", int64(ids.map(() => 1)));
  if (session.inputs.some((it) => it.name === "position_ids")) {
    binding.bindInput("position_ids", int64([...ids.keys()]));
  }
  for (const { past, headCount, headSize } of runner.signature.cacheSlots) {
    const data = new Float32Array(1).subarray(0, 0);
    binding.bindInput(past, { type: "float32", data, dims: [1, headCount, 0, headSize] });
  }
  const size = runner.signature.hiddenSize ?? 0;
  const states = new Float32Array(ids.length * size);
  const outputDims = [1, ids.length, size];
  binding.bindOutput("last_hidden_state", { type: "float32", data: states, dims: outputDims });
  await binding.run();
  binding.close();
  await session.close();
  const sums = Array.from({ length: size }, (_, at) =>
    ids.reduce((sum, _id, token) => sum + (states[token * size + at] ?? 0), 0),
  );
  const length = Math.sqrt(sums.reduce((sum, it) => sum + it * it, 0));
  return sums.map((it) => it / length);
}

describe.each<[string, Partial<SyntheticModelOptions>]>([
  ["in place", {}],
  ["growing", { growing: {} }],
])("vectors of a model whose cache is %s", (_name, options) => {
  let folder: string;
  let model: LoadedModel;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parley-embedder-"));
    const dimensions = { contextLength: CONTEXT };
    await writeSyntheticModel({ folder, withHiddenState: true, dimensions, ...options });
    const graphCacheFolder = join(folder, "cache");
    model = await loadModel(folder, { threadCount: 1, slotCount: 2, graphCacheFolder });
  });
  afterAll(async () => {
    await model.runner.close();
    await rm(folder, { recursive: true });
  });

  test("are those of one pass over the whole text, at any length", async () => {
    for (const length of [1, 2, 63, 64, 65, 129, 198, CONTEXT]) {
      const ids = drawIds(length);
      const expected = await readWhole(model, ids);
      const vector = await embedTokens(model.runner, ids, never);
      const differences = vector.map((it, at) => Math.abs(it - (expected[at] ?? Number.NaN)));
      expect(Math.max(...differences)).toBeLessThan(1e-5);
    }
  });

  test("leave the rows of those who write alone, and let their steps in between", async () => {
    const { runner } = model;
    const prompt = drawIds(20);
    const step = async () => {
      const logits = await runner.decode({ ids: [7], lengths: [20], temperatures: [undefined] });
      return [...logits.at(0).all];
    };
    await runner.prefill({ row: 0, start: 0, ids: prompt, logits: "last" });
    const alone = await step();
    const order: string[] = [];
    const texts = [drawIds(190), drawIds(190)];
    const vectors = texts.map(async (ids) => {
      const vector = await embedTokens(runner, ids, never);
      order.push("text");
      return vector;
    });
    // One chunk may come before a step, and not all of both texts.
    await Promise.resolve();
    const beside = await step();
    order.push("step");
    const [first] = await Promise.all(vectors);
    expect(beside).toEqual(alone);
    expect(order).toEqual(["step", "text", "text"]);
    expect(await embedTokens(runner, texts[0] ?? [], never)).toEqual(first);
  });

  test("that nobody waits for any more are not read to their end", async () => {
    const abort = new AbortController();
    const reading = embedTokens(model.runner, drawIds(190), abort.signal);
    const waiting = embedTokens(model.runner, drawIds(190), abort.signal);
    abort.abort(new Error("gone"));
    await expect(reading).rejects.toThrow("gone");
    await expect(waiting).rejects.toThrow("gone");
    expect(await embedTokens(model.runner, [1, 2, 3], never)).toHaveLength(64);
  });
});
