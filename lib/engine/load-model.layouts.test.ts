/**
 * Goal: model folders of every layout found in the wild are the same model, and those that are something else
 * say what.
 * Method: one seeded model in each layout; folders changed in one respect.
 */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { Engine, type EngineOptions } from "./engine";
import { readModelFiles } from "./onnx/model-files";
import { decodeModel, encodeModel } from "./onnx/onnx-model";
import type { FolderLayout } from "./synthetic/folder-layout";
import type { GrowingForm } from "./synthetic/growing-attention";
import { type SyntheticModelOptions, writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const root = mkdtempSync(join(tmpdir(), "parley-layouts-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let modelCount = 0;
async function write(options: Omit<SyntheticModelOptions, "folder">): Promise<string> {
  const folder = join(root, `model-${modelCount++}`);
  await writeSyntheticModel({ folder, ...options });
  return folder;
}

const load = (folder: string, options: Partial<EngineOptions> = {}) =>
  Engine.load(folder, { threadCount: 1, slotCount: 2, graphCacheFolder: root, ...options });

const request = {
  promptIds: Array.from({ length: 20 }, (_, at) => (at * 31 + 7) % 900),
  ...{ sampling: { temperature: 0, repetitionPenalty: 1 }, stop: [], ignoreEos: true },
  maxTokens: 12,
};

/** The one line a person sees. */
async function refusal(run: () => Promise<unknown>): Promise<string> {
  const error = await run().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).line;
}

/** Changes a JSON file below its top: `path` leads to the object that gets `changes`. */
function change(file: string, path: string[], changes: object): void {
  const json = JSON.parse(readFileSync(file, "utf8"));
  let at = json;
  for (const key of path) at = at[key];
  Object.assign(at, changes);
  writeFileSync(file, JSON.stringify(json));
}

let expected: string;
beforeAll(async () => {
  const engine = await load(await write({}));
  expected = (await collect(engine, request)).text;
  await engine.close();
});

const LAYOUTS: FolderLayout[] = ["root", "merged", "genai", "genai-renamed"];
const FORMS: [FolderLayout, GrowingForm | undefined, boolean][] = LAYOUTS.flatMap((layout) => [
  [layout, undefined, false],
  [layout, {}, true],
]);

test.each(FORMS)("%s, growing %o, weights beside %s", async (layout, growing, weightsBeside) => {
  const folder = await write({ layout, weightsBeside, ...(growing && { growing }) });
  const engine = await load(folder);
  expect(engine.model.form.name).toBe(growing ? "fused" : "in-place");
  expect((await collect(engine, request)).text).toBe(expected);
  await engine.close();
});

describe("a folder of the model builder", () => {
  test("says what the hub's configurations say", async () => {
    const folder = await write({ layout: "genai", weightsBeside: true, form: "int4-block32" });
    const engine = await load(folder);
    const { files, samplingDefaults, contextLength } = engine.model;
    expect(contextLength).toBe(512);
    expect(files.weightForm).toBe("q4");
    expect(files.endTokenIds).toEqual([998, 999]);
    expect(samplingDefaults).toMatchObject({
      ...{ temperature: 0.6, topK: 20, topP: 0.95, repetitionPenalty: 1.1 },
    });
    const graph = readFileSync(join(folder, "model.onnx"));
    const beside = readFileSync(join(folder, "model.onnx.data"));
    expect(files.weightBytes).toBe(graph.length + beside.length);
    await engine.close();
  });

  test("without sampling is greedy, and a change of its configuration is another build", async () => {
    const folder = await write({ layout: "genai" });
    const { build } = await readModelFiles(folder);
    change(join(folder, "genai_config.json"), ["search"], { do_sample: false });
    expect((await readModelFiles(folder)).build).not.toBe(build);
    const engine = await load(folder);
    expect(engine.model.samplingDefaults.temperature).toBe(0);
    await engine.close();
  });

  test("goes before what config.json says, where there are both", async () => {
    const folder = await write({ layout: "genai" });
    writeFileSync(join(folder, "config.json"), JSON.stringify({ max_position_embeddings: 9_999 }));
    expect((await readModelFiles(folder)).contextLength).toBe(512);
  });

  test.each([
    ["a part for pictures", ["model"], { vision: { filename: "vision.onnx" } }, /model\.vision/],
    ["an encoder", ["model"], { encoder: { filename: "encoder.onnx" } }, /model\.encoder/],
    ["a pipeline", ["model", "decoder"], { pipeline: [{ a: {} }] }, /pipeline of several graphs/],
    [
      "a window",
      ["model", "decoder"],
      { sliding_window: { window_size: 128 } },
      /model\.decoder\.sliding_window/,
    ],
    [
      "layers without end",
      ["model", "decoder"],
      { num_hidden_layers: 1e9 },
      /genai_config\.json: model\.decoder\.num_hidden_layers/,
    ],
    [
      "a graph that is not there",
      ["model", "decoder"],
      { filename: "nope.onnx" },
      /nope\.onnx is missing, which genai_config\.json names/,
    ],
    [
      "no length of the context",
      ["model"],
      { context_length: null },
      /genai_config\.json does not say .*model\.context_length/,
    ],
    ["a graph elsewhere", ["model", "decoder"], { filename: "../x.onnx" }, /leads out of the/],
    [
      "names without a place for the layer",
      ["model", "decoder", "inputs"],
      { past_key_names: "past" },
      /past_key_names/,
    ],
  ])("with %s is refused by the field", async (_, path, changes, words) => {
    const folder = await write({ layout: "genai" });
    change(join(folder, "genai_config.json"), path, changes);
    expect(await refusal(() => load(folder))).toMatch(words);
  });

  test("whose file is cut short is refused by its name", async () => {
    const folder = await write({ layout: "genai" });
    const file = join(folder, "genai_config.json");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 100));
    expect(await refusal(() => load(folder))).toContain("genai_config.json: it is not valid JSON");
  });
});

describe("weights", () => {
  test("of any name are taken when they are asked for", async () => {
    const folder = await write({ form: "int4-block32" });
    renameSync(join(folder, "onnx/model_q4.onnx"), join(folder, "onnx/mine.onnx"));
    const line = await refusal(() => load(folder));
    expect(line).toMatch(/holds no model\.onnx.*there is mine\.onnx.*--weights/);
    const engine = await load(folder, { weightFile: "mine.onnx" });
    expect(engine.model.files.weightForm).toBe("mine");
    await engine.close();
    expect(await refusal(() => load(folder, { weightFile: "yours.onnx" }))).toContain("yours.onnx");
    const outside = { weightFile: "../model-0/onnx/model.onnx" };
    expect(await refusal(() => load(folder, outside))).toContain("holds no ../model-0");
  });

  test("that are a folder are none", async () => {
    const folder = await write({});
    rmSync(join(folder, "onnx/model.onnx"));
    mkdirSync(join(folder, "onnx/model.onnx"));
    expect(await refusal(() => load(folder))).toContain("holds no model.onnx");
  });

  test("that need an encoder, or a graph for their first step, are told from none at all", async () => {
    const folder = await write({});
    renameSync(join(folder, "onnx/model.onnx"), join(folder, "onnx/decoder_model.onnx"));
    writeFileSync(join(folder, "onnx/encoder_model.onnx"), "");
    expect(await refusal(() => load(folder))).toMatch(/no decoder graph that stands alone/);
  });

  test("whose graph has no cache are refused", async () => {
    const folder = await write({});
    const path = join(folder, "onnx/model.onnx");
    const model = decodeModel(readFileSync(path));
    const { graph } = model;
    graph.output = graph.output.filter((it) => it.name === "logits");
    for (const node of graph.node) {
      if (node.opType === "GroupQueryAttention") node.input.splice(3, 2, "", "");
    }
    graph.input = graph.input.filter((it) => !it.name.startsWith("past"));
    writeFileSync(path, encodeModel(model));
    expect(await refusal(() => load(folder))).toMatch(/no past_key_values inputs, so no KV cache/);
  });
});

test("a model that does not say how long its context is serves the one that is asked for", async () => {
  const folder = await write({});
  change(join(folder, "config.json"), [], { max_position_embeddings: null });
  expect(await refusal(() => load(folder))).toContain("--max-model-len");
  const engine = await load(folder, { contextLengthMax: 64 });
  expect(engine.model.contextLength).toBe(64);
  await engine.close();
});

test.each([
  [undefined, "in-place-alone"],
  [{}, "fused-alone"],
  [{ softCap: 10_000 }, "growing-alone"],
] as const)(
  "a graph that was exported for one sequence runs one at a time (%o)",
  async (growing, name) => {
    const folder = await write({ ...(growing && { growing }) });
    const path = join(folder, "onnx/model.onnx");
    const model = decodeModel(readFileSync(path));
    for (const { type } of [...model.graph.input, ...model.graph.output]) {
      type.tensorType.shape!.dim[0] = { dimValue: 1 };
    }
    writeFileSync(path, encodeModel(model));
    const engine = await load(folder);
    expect(engine.model.form.name).toBe(name);
    expect(engine.model.isBatchInvariant).toBe(true);
    const texts = await Promise.all(
      [1, 2, 3].map(async () => (await collect(engine, request)).text),
    );
    expect(texts).toEqual([expected, expected, expected]);
    await engine.close();
  },
);

test("sizes are found under other families' names", async () => {
  const folder = await write({});
  change(join(folder, "config.json"), [], { max_position_embeddings: null, n_ctx: 128 });
  expect((await readModelFiles(folder)).contextLength).toBe(128);
  change(join(folder, "config.json"), [], {
    n_ctx: null,
    text_config: { max_position_embeddings: 96 },
  });
  expect((await readModelFiles(folder)).contextLength).toBe(96);
});
