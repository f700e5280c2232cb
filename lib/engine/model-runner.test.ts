/**
 * Goal: what a graph is fed is right also for inputs that the bundled models do not have.
 * Method: a session that only notes its feeds, beside the parity tests on real graphs.
 */
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { ModelRunner } from "./model-runner";
import type { GraphSignature } from "./onnx/graph-signature";

const VOCABULARY_SIZE = 5;
const signature: GraphSignature = {
  takesAttentionMask: true,
  takesPositionIds: true,
  cacheSlots: [
    {
      past: "past_key_values.0.key",
      present: "present.0.key",
      dtype: "float16",
      headCount: 2,
      headSize: 4,
    },
  ],
  vocabularySize: VOCABULARY_SIZE,
  hiddenSize: undefined,
};

type Noted = { feeds: Record<string, Tensor>; outputs: readonly string[] };

function createRunner(changes: Partial<GraphSignature> = {}) {
  const runs: Noted[] = [];
  const session = {
    run: async (feeds: Record<string, Tensor>, outputs: readonly string[]) => {
      runs.push({ feeds, outputs });
      const rows = feeds.input_ids!.dims[1]!;
      const total = feeds["past_key_values.0.key"]!.dims[2]! + rows;
      const dims = [1, 2, total, 4];
      return {
        logits: new Tensor("float32", new Float32Array(rows * VOCABULARY_SIZE), [1, rows, 5]),
        "present.0.key": new Tensor("float16", new Uint16Array(total * 8), dims),
      };
    },
  };
  const runner = new ModelRunner(
    session as unknown as InferenceSession,
    { ...signature, ...changes },
    8,
  );
  return { runner, runs };
}

const numbers = (tensor: Tensor | undefined) => Array.from(tensor!.data as BigInt64Array, Number);

test("mask and positions go on where the cache ends", async () => {
  const { runner, runs } = createRunner();
  const first = await runner.forward({
    ids: [7, 8, 9],
    cache: runner.createCache(),
    fetchLogits: false,
  });
  expect(first.cache.length).toBe(3);
  expect(first.logits).toHaveLength(0);
  const second = await runner.forward({ ids: [4], cache: first.cache, fetchLogits: true });
  expect(second.cache.length).toBe(4);
  expect(second.logits).toHaveLength(VOCABULARY_SIZE);
  const seen = runs.map(({ feeds, outputs }) => ({
    ids: numbers(feeds.input_ids),
    mask: numbers(feeds.attention_mask),
    positions: numbers(feeds.position_ids),
    past: feeds["past_key_values.0.key"]!.dims,
    outputs,
  }));
  expect(seen).toEqual([
    {
      ...{ ids: [7, 8, 9], mask: [1, 1, 1], positions: [0, 1, 2], past: [1, 2, 0, 4] },
      outputs: ["present.0.key"],
    },
    {
      ...{ ids: [4], mask: [1, 1, 1, 1], positions: [3], past: [1, 2, 3, 4] },
      outputs: ["logits", "present.0.key"],
    },
  ]);
});

test("a graph that does not ask for mask or positions is not given them", async () => {
  const { runner, runs } = createRunner({ takesAttentionMask: false, takesPositionIds: false });
  await runner.forward({ ids: [1], cache: runner.createCache(), fetchLogits: false });
  expect(Object.keys(runs[0]!.feeds).sort()).toEqual(["input_ids", "past_key_values.0.key"]);
});

test("a sequence beyond the context is a bug, and says so", async () => {
  const { runner } = createRunner();
  const ids = Array.from({ length: 9 }, () => 1);
  const run = runner.forward({ ids, cache: runner.createCache(), fetchLogits: false });
  await expect(run).rejects.toThrow(/within the context/);
});
