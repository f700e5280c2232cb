/**
 * Goal: rows share a step only where a short one gets the same whoever is beside it.
 * Method: graphs in which the longest row of a step matters, far behind what rows of a few tokens show.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Engine, type EngineOptions } from "./engine";
import { decodeModel, ELEMENT_TYPE, encodeModel, type OnnxGraph } from "./onnx/onnx-model";
import { makeIntegers, makeNode } from "./onnx/onnx-parts";
import type { GrowingForm } from "./synthetic/growing-attention";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const root = mkdtempSync(join(tmpdir(), "parley-rows-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let modelCount = 0;
async function load(
  growing: GrowingForm | undefined,
  change: (graph: OnnxGraph) => void = () => undefined,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const folder = join(root, `model-${modelCount++}`);
  const dimensions = { vocabularySize: 300 };
  await writeSyntheticModel({ folder, dimensions, ...(growing && { growing }) });
  const path = join(folder, "onnx/model.onnx");
  const model = decodeModel(readFileSync(path));
  change(model.graph);
  writeFileSync(path, encodeModel(model));
  const most = { threadCount: 1, slotCount: 3, graphCacheFolder: root };
  return Engine.load(folder, { ...most, ...options });
}

/** What goes to the head is three times as large where the mask is wider than `width`. */
function scaleByWidth(graph: OnnxGraph, width: number): void {
  const place = graph.node.findIndex((it) => it.output.includes("finalNorm.out"));
  const norm = graph.node[place]!;
  norm.output = norm.output.map((it) => (it === "finalNorm.out" ? "inner" : it));
  const float = (name: string, value: number) => ({
    ...{ name, dims: [], dataType: ELEMENT_TYPE.float32 },
    rawData: new Uint8Array(Float32Array.of(value).buffer),
  });
  graph.initializer.push(float("three", 3), float("one", 1));
  graph.initializer.push(makeIntegers("width", [width]), makeIntegers("second", [1]));
  const nodes = [
    makeNode("Shape", { input: ["attention_mask"], output: ["mask_dims"] }),
    makeNode("Gather", { input: ["mask_dims", "second"], output: ["mask_width"] }),
    makeNode("Greater", { input: ["mask_width", "width"], output: ["is_wide"] }),
    makeNode("Where", { input: ["is_wide", "three", "one"], output: ["factor"] }),
    makeNode("Mul", { input: ["inner", "factor"], output: ["finalNorm.out"] }),
  ];
  graph.node.splice(place + 1, 0, ...nodes);
}

const SHORT = [1, 2, 3, 4, 5, 6, 7, 8];
const LONG = Array.from({ length: 150 }, (_, at) => (at * 31 + 7) % 290);

async function answer(engine: Engine, promptIds: number[]) {
  const sampling = { temperature: 0 };
  const request = { promptIds, sampling, stop: [], ignoreEos: true, maxTokens: 10 };
  const { tokens } = await collect(engine, { ...request, logProbabilityCount: 1 });
  return tokens.map((it) => [it.id, it.logProbability]);
}

test.each([
  [undefined, "in-place-alone"],
  [{}, "fused-alone"],
  [{ softCap: 10_000 }, "growing-alone"],
] as const)("a mask's width that matters (%o) keeps rows apart", async (growing, name) => {
  const engine = await load(growing, (graph) => scaleByWidth(graph, 100));
  expect(engine.model.form.name).toBe(name);
  const alone = await answer(engine, SHORT);
  const [, beside] = await Promise.all([answer(engine, LONG), answer(engine, SHORT)]);
  expect(beside).toEqual(alone);
  await engine.close();
});

test("a width beyond all that is served keeps nobody apart", async () => {
  const change = (graph: OnnxGraph) => scaleByWidth(graph, 100);
  const engine = await load(undefined, change, { contextLengthMax: 100 });
  expect(engine.model.form.name).toBe("in-place");
  await engine.close();
});

test.each([100, 500])(
  "a window of %i in a graph that is not replaced and does not speak of it keeps rows apart",
  async (window) => {
    const engine = await load({ window, softCap: 10_000 });
    expect(engine.model.form.name).toBe("growing-alone");
    await engine.close();
  },
);

test("a graph in place that turns out to hold one sequence runs one at a time", async () => {
  const engine = await load(undefined, (graph) => {
    const place = graph.node.findIndex((it) => it.output.includes("finalNorm.out"));
    const norm = graph.node[place]!;
    norm.output = norm.output.map((it) => (it === "finalNorm.out" ? "inner" : it));
    const scale = graph.initializer.find((it) => norm.input.includes(it.name!))!;
    const [size = 0] = scale.dims;
    graph.initializer.push(makeIntegers("one_row", [1, -1, size]));
    const one = makeNode("Reshape", { input: ["inner", "one_row"], output: ["finalNorm.out"] });
    // Two rows of one token become one of two, which the head's shape does not allow.
    graph.node.splice(place + 1, 0, one);
  });
  expect(engine.model.form.name).toBe("in-place-alone");
  const alone = await answer(engine, SHORT);
  const [, beside] = await Promise.all([answer(engine, LONG), answer(engine, SHORT)]);
  expect(beside).toEqual(alone);
  await engine.close();
});

test("logits that are no numbers are told from a past that is not gone on from", async () => {
  const folder = join(root, "nan");
  const dimensions = { vocabularySize: 300 };
  const growing = { softCap: 10_000 };
  await writeSyntheticModel({ folder, growing, dimensions, flaws: { nanLogits: "always" } });
  const loading = Engine.load(folder, { threadCount: 1, slotCount: 2, graphCacheFolder: root });
  await expect(loading).rejects.toThrow("the logits it gives are NaN or infinite");
});
