/**
 * Goal: weights of rank 0 that inputs may replace become zeros of rank 1, and nothing else changes.
 * Method: a graph of a correction, run as it is and filled, on the CPU and on WebGPU where there is an
 * adapter (which ends the process with the graph as it is).
 */
import { expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { fillEmptyWeights } from "./fill-empty-weights";
import type { TensorView } from "./graph-session";
import { decodeModel, ELEMENT_TYPE, encodeModel } from "./onnx-model";
import { makeNode, makeValue } from "./onnx-parts";
import { openGraphSession } from "./open-session";

/** y = x + x · a · b over [batch, tokens, 2]. */
function correctionGraph(rank: number): Uint8Array {
  const { float32 } = ELEMENT_TYPE;
  const weight = (name: string, dims: number[]) => ({
    ...{ name, dims, dataType: float32 },
    rawData: new Uint8Array(4 * dims.reduce((product, size) => product * size, 1)).fill(1),
  });
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: "correction",
      node: [
        makeNode("MatMul", { input: ["x", "a"], output: ["reduced"] }),
        makeNode("MatMul", { input: ["reduced", "b"], output: ["correction"] }),
        makeNode("Add", { input: ["x", "correction"], output: ["y"] }),
      ],
      initializer: [weight("a", [2, rank]), weight("b", [rank, 2]), weight("own", [0])],
      input: [
        makeValue("x", float32, ["batch", "tokens", 2]),
        makeValue("a", float32, [2, "rank"]),
        makeValue("b", float32, ["rank", 2]),
      ],
      output: [makeValue("y", float32, ["batch", "tokens", 2])],
    },
  });
}

const floats = (values: number[], dims: number[]): TensorView => ({
  ...{ type: "float32", data: Float32Array.from(values), dims },
});

async function run(model: Uint8Array, device: "cpu" | "webgpu", adapter?: number[]) {
  const { session } = await openGraphSession(model, { threadCount: 1, device });
  const binding = session.createBinding();
  const y = floats([0, 0, 0, 0], [1, 2, 2]);
  binding.bindInput("x", floats([1, 2, 3, 4], [1, 2, 2]));
  binding.bindOutput("y", y);
  if (adapter) {
    binding.bindInput("a", floats(adapter, [2, 1]));
    binding.bindInput("b", floats(adapter, [1, 2]));
  }
  await binding.run();
  binding.close();
  await session.close();
  return [...y.data];
}

test("empty weights that inputs may replace get one row or column of zeros", () => {
  const filled = decodeModel(fillEmptyWeights(correctionGraph(0))).graph.initializer;
  expect(filled.map(({ name, dims }) => [name, dims])).toEqual([
    ["a", [2, 1]],
    ["b", [1, 2]],
    ["own", [0]],
  ]);
  expect(filled.slice(0, 2).every(({ rawData }) => rawData!.every((it) => it === 0))).toBe(true);
});

test("a graph without such weights stays as it is", () => {
  const model = correctionGraph(3);
  expect(fillEmptyWeights(model)).toBe(model);
});

test("on the CPU both add nothing, and take an adapter", async () => {
  for (const model of [correctionGraph(0), fillEmptyWeights(correctionGraph(0))]) {
    expect(await run(model, "cpu")).toEqual([1, 2, 3, 4]);
    expect(await run(model, "cpu", [1, 2])).toEqual([6, 12, 14, 26]);
  }
});

test("on WebGPU a graph that takes adapters runs with and without one", async ({ skip }) => {
  const result = await run(correctionGraph(0), "webgpu").catch((error: unknown) => error);
  // Most machines that run tests have no adapter.
  if (result instanceof StartError) skip(result.line);
  expect(result).toEqual([1, 2, 3, 4]);
  expect(await run(correctionGraph(0), "webgpu", [1, 2])).toEqual([6, 12, 14, 26]);
});
