/**
 * Goal: what a graph is fed is right also for inputs that the bundled models do not have.
 * Method: a session that only notes what is bound when it runs, beside the parity tests on real graphs.
 */
import { expect, test } from "vitest";
import { KvCache } from "./kv-cache";
import { ModelRunner } from "./model-runner";
import type { GraphSession, TensorView } from "./onnx/graph-session";
import type { GraphSignature } from "./onnx/graph-signature";

const VOCABULARY_SIZE = 5;
const signature: GraphSignature = {
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
  hiddenSize: 3,
  hasLogitsPositions: true,
  topCount: 2,
  blockSize: 2,
};

type Noted = Record<string, { dims: readonly number[]; values: number[] }>;

function createRunner(changes: Partial<GraphSignature> = {}, padsToEven = false) {
  const runs: { inputs: Noted; outputs: Record<string, readonly number[]> }[] = [];
  const bindCounts = new Map<string, number>();
  const session: GraphSession = {
    kind: "native",
    inputs: [],
    outputs: [],
    overridable: [],
    createBinding() {
      const inputs = new Map<string, TensorView>();
      const outputs = new Map<string, TensorView>();
      return {
        bindInput: (name, tensor) => {
          inputs.set(name, tensor);
          bindCounts.set(name, (bindCounts.get(name) ?? 0) + 1);
        },
        bindOutput: (name, tensor) => void outputs.set(name, tensor),
        async run() {
          const noted = [...inputs].map(([name, { dims, data }]) => {
            return [name, { dims, values: Array.from(data as ArrayLike<number | bigint>, Number) }];
          });
          const shapes = [...outputs].map(([name, { dims }]) => [name, dims]);
          runs.push({ inputs: Object.fromEntries(noted), outputs: Object.fromEntries(shapes) });
          const logits = outputs.get("logits")?.data;
          if (logits) for (let at = 0; at < logits.length; at++) logits[at] = at;
        },
        close: () => undefined,
      };
    },
    close: async () => undefined,
  };
  const whole = { ...signature, ...changes };
  const runner = new ModelRunner(session, whole, {
    cache: new KvCache(whole.cacheSlots, 4, 8),
    padsToEven,
  });
  return { runner, runs, bindCounts };
}

test("a chunk goes on where its row ends, and gets logits for its last token", async () => {
  const { runner, runs } = createRunner();
  const logits = await runner.prefill({ row: 2, start: 3, ids: [4, 5], logits: "last" });
  expect(runs[0]!.inputs).toMatchObject({
    input_ids: { dims: [1, 2], values: [4, 5] },
    attention_mask: { dims: [1, 5], values: [1, 1, 1, 1, 1] },
    position_ids: { dims: [1, 2], values: [3, 4] },
    logits_positions: { dims: [1], values: [1] },
    wants_block_sums: { values: [0] },
    "past_key_values.0.key": { dims: [1, 2, 8, 4] },
  });
  expect(runs[0]!.outputs).toEqual({
    "present.0.key": [1, 2, 8, 4],
    logits: [1, 1, 5],
    top_ids: [1, 1, 2],
    top_values: [1, 1, 2],
    block_sums: [1, 1, 3],
  });
  expect(logits.count).toBe(1);
  expect(logits.at(0).blocks).toBeUndefined();
});

test("rows of different length decode together, each behind its own mask", async () => {
  const { runner, runs } = createRunner();
  const logits = await runner.decode({
    ids: [7, 8, 9],
    lengths: [1, 3, 0],
    temperatures: [undefined, 0.5, undefined],
  });
  expect(runs[0]!.inputs).toMatchObject({
    input_ids: { dims: [3, 1], values: [7, 8, 9] },
    attention_mask: { dims: [3, 4], values: [1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0] },
    position_ids: { dims: [3, 1], values: [1, 3, 0] },
    logits_positions: { values: [0] },
    wants_block_sums: { values: [1] },
    inverse_temperatures: { dims: [3], values: [1, 2, 1] },
    "past_key_values.0.key": { dims: [3, 2, 8, 4] },
  });
  expect(Array.from(logits.at(1).all)).toEqual([5, 6, 7, 8, 9]);
  expect(logits.at(1).blocks).toMatchObject({ blockSize: 2 });
  expect(logits.at(0).blocks).toBeUndefined();
});

test("a graph as it was published gives logits of every token, of which the wanted are read", async () => {
  const { runner, runs } = createRunner({
    hasLogitsPositions: false,
    topCount: undefined,
    blockSize: undefined,
    takesPositionIds: false,
  });
  const last = await runner.prefill({ row: 0, start: 0, ids: [1, 2, 3], logits: "last" });
  expect(Array.from(last.at(0).all)).toEqual([10, 11, 12, 13, 14]);
  const all = await runner.prefill({ row: 0, start: 0, ids: [1, 2, 3], logits: "all" });
  expect([0, 1, 2].map((index) => all.at(index).all[0])).toEqual([0, 5, 10]);
  expect(all.at(0)).toMatchObject({ top: undefined, blocks: undefined });
  expect(Object.keys(runs[0]!.inputs).sort()).toEqual([
    ...["attention_mask", "input_ids", "past_key_values.0.key"],
  ]);
});

test("what keeps its shape is bound once, and later contents are seen", async () => {
  const { runner, runs, bindCounts } = createRunner();
  for (const id of [1, 2, 3]) {
    await runner.decode({ ids: [id], lengths: [id], temperatures: [undefined] });
  }
  expect(runs.map(({ inputs }) => inputs.input_ids!.values)).toEqual([[1], [2], [3]]);
  expect(bindCounts.get("input_ids")).toBe(1);
  expect(bindCounts.get("attention_mask")).toBe(3);
  expect(bindCounts.get("past_key_values.0.key")).toBe(1);
});

test("passes are filled up to an even number of rows and tokens where the kernels want it", async () => {
  const { runner, runs } = createRunner({}, true);
  const chunk = await runner.prefill({ row: 1, start: 2, ids: [5, 6, 7], logits: "all" });
  const step = await runner.decode({
    ...{ ids: [1, 2, 3], lengths: [4, 4, 4], temperatures: [1, 1, 1] },
    spareLength: 2,
  });
  expect(runs[0]!.inputs).toMatchObject({
    input_ids: { dims: [1, 4], values: [5, 6, 7, 0] },
    attention_mask: { values: [1, 1, 1, 1, 1, 1] },
    logits_positions: { values: [0, 1, 2] },
  });
  expect(runs[1]!.inputs).toMatchObject({
    input_ids: { dims: [4, 1], values: [1, 2, 3, 0] },
    attention_mask: {
      values: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0].slice(0, 20),
    },
    position_ids: { values: [4, 4, 4, 2] },
    inverse_temperatures: { values: [1, 1, 1, 1] },
  });
  expect([chunk.count, step.count]).toEqual([3, 3]);
  await runner.prefill({ row: 0, start: 0, ids: [1, 2], logits: "last" });
  expect(runs[2]!.inputs.input_ids!.dims).toEqual([1, 2]);
});

test("a chunk of one token gets a second, since one alone is another kernel's", async () => {
  const { runner, runs } = createRunner();
  await runner.prefill({ row: 0, start: 3, ids: [9], logits: "last" });
  expect(runs[0]!.inputs).toMatchObject({
    input_ids: { dims: [1, 2], values: [9, 0] },
    logits_positions: { values: [0] },
  });
});

/** A text of two tokens, in a row of its own. */
const toRead = () => {
  const cache = new KvCache(signature.cacheSlots, 1, 6);
  return { ids: [4, 5], start: 0, cache };
};

test("hidden states are read in a row of their own, piece by piece", async () => {
  const { runner, runs } = createRunner();
  const signal = new AbortController().signal;
  const text = toRead();
  expect(await runner.readHiddenStates(text, signal)).toHaveLength(6);
  expect(await runner.readHiddenStates({ ...text, ids: [6], start: 2 }, signal)).toHaveLength(3);
  expect(runs[0]!.outputs).toEqual({
    last_hidden_state: [1, 2, 3],
    "present.0.key": [1, 2, 6, 4],
  });
  expect(runs[1]!.inputs).toMatchObject({
    input_ids: { values: [6, 0] },
    attention_mask: { values: [1, 1, 1, 1] },
    position_ids: { values: [2, 3] },
    "past_key_values.0.key": { dims: [1, 2, 6, 4] },
  });
});

test("who comes after the end is told, and nothing runs", async () => {
  const { runner, runs } = createRunner();
  const first = runner.readHiddenStates(toRead(), new AbortController().signal);
  const closing = runner.close();
  await first;
  await closing;
  const late = runner.prefill({ row: 0, start: 0, ids: [1, 2], logits: "last" });
  await expect(late).rejects.toMatchObject({ code: "worker-lost" });
  expect(runs).toHaveLength(1);
});

test("hidden states that nobody waits for any more are not computed", async () => {
  const { runner, runs } = createRunner();
  await expect(runner.readHiddenStates(toRead(), AbortSignal.abort())).rejects.toThrow();
  expect(runs).toHaveLength(0);
});

test("a pass that fails tells its caller, and the next one runs", async () => {
  const { runner } = createRunner();
  const beyond = runner.prefill({ row: 0, start: 7, ids: [1, 2], logits: "last" });
  await expect(beyond).rejects.toThrow(/within its row/);
  await runner.prefill({ row: 0, start: 0, ids: [1, 2], logits: "last" });
});
