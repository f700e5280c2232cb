/**
 * Goal: a base with an adapter is the model with that adapter in its weights; several live side by side;
 * what does not fit is refused by its first tensor.
 * Method: synthetic bases, adapters and merged models of the same seeds, run pass by pass.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { type LoadedModel, loadModel } from "../load-model";
import type { ModelRunner } from "../model-runner";
import {
  type AdapterParameter,
  encodeAdapter,
  listParameters,
  writeSyntheticAdapter,
} from "../synthetic/write-synthetic-adapter";
import {
  type SyntheticModelOptions,
  toDimensions,
  writeSyntheticModel,
} from "../synthetic/write-synthetic-model";
import type { LoadedAdapter } from "./load-adapters";

const root = mkdtempSync(join(tmpdir(), "parley-lora-"));
const dimensions = toDimensions({});
const SEED = 3;
const POET = { seed: 9, rank: 4 };
const JUDGE = { seed: 10, rank: 16 };
const OPTIONS = { threadCount: 2, slotCount: 3, graphCacheFolder: join(root, "graphs") };
const at = (name: string) => join(root, name);

beforeAll(async () => {
  await writeSyntheticModel({ folder: at("base"), seed: SEED, takesAdapters: true });
  await writeSyntheticModel({ folder: at("plain"), seed: SEED });
  await writeSyntheticModel({ folder: at("merged-poet"), seed: SEED, merged: POET });
  await writeSyntheticModel({ folder: at("merged-judge"), seed: SEED, merged: JUDGE });
  await writeSyntheticAdapter({ path: at("poet.onnx_adapter"), dimensions, ...POET });
  await writeSyntheticAdapter({ path: at("judge.onnx_adapter"), dimensions, ...JUDGE });
});
const loaded: LoadedModel[] = [];
afterAll(async () => {
  await Promise.all(loaded.map((it) => it.runner.close()));
  rmSync(root, { recursive: true });
});

async function load(folder: string, adapters: string[] = []): Promise<LoadedModel> {
  const sources = adapters.map((name) => ({ name, path: at(`${name}.onnx_adapter`) }));
  const model = await loadModel(at(folder), { ...OPTIONS, adapters: sources });
  loaded.push(model);
  return model;
}

type Text = { ids: number[]; logits: Float32Array[] };

/** Writes greedily in one row, step by step, so that others can write between. */
class Writer {
  readonly text: Text = { ids: [], logits: [] };
  #length = 0;
  readonly #runner: ModelRunner;
  readonly #row: number;
  readonly #adapter: LoadedAdapter | undefined;

  constructor(runner: ModelRunner, row: number, adapter?: LoadedAdapter) {
    this.#runner = runner;
    this.#row = row;
    this.#adapter = adapter;
  }

  async begin(ids: number[]): Promise<void> {
    const options = {
      row: this.#row,
      start: 0,
      ids,
      logits: "last",
      adapter: this.#adapter,
    } as const;
    this.#take((await this.#runner.prefill(options)).at(0).all, ids.length);
  }

  async step(): Promise<void> {
    const logits = await this.#runner.decode({
      ...{ row: this.#row, ids: this.text.ids.slice(-1), lengths: [this.#length] },
      // Behind what the next row has: there a pass that is filled up may write.
      ...{ temperatures: [undefined], adapter: this.#adapter, spareLength: 100 },
    });
    this.#take(logits.at(0).all, 1);
  }

  #take(all: Float32Array, count: number): void {
    this.#length += count;
    this.text.logits.push(all.slice());
    this.text.ids.push(all.indexOf(Math.max(...all)));
  }
}

const PROMPT = [5, 17, 33, 40, 44, 9];

async function write(model: LoadedModel, adapter?: LoadedAdapter): Promise<Text> {
  const writer = new Writer(model.runner, 0, adapter);
  await writer.begin(PROMPT);
  for (let step = 0; step < 15; step++) await writer.step();
  return writer.text;
}

function largestDifference(one: Text, other: Text): number {
  const differences = one.logits.flatMap((row, step) =>
    Array.from(row, (value, id) => Math.abs(value - other.logits[step]![id]!)),
  );
  return Math.max(...differences);
}

test("without an adapter a base that takes them is the plain model, bit by bit", async () => {
  const [plain, base] = [await load("plain"), await load("base")];
  expect(await write(base)).toEqual(await write(plain));
});

test("several adapters live side by side, each the model that has it merged", async () => {
  const base = await load("base", ["poet", "judge"]);
  const { poet, judge } = Object.fromEntries(base.adapters);
  const own = new Writer(base.runner, 0);
  const writers = [own, new Writer(base.runner, 1, poet), new Writer(base.runner, 2, judge)];
  for (const writer of writers) await writer.begin(PROMPT);
  for (let step = 0; step < 15; step++) for (const writer of writers) await writer.step();
  const texts = writers.map((it) => it.text);
  for (const [index, folder] of ["plain", "merged-poet", "merged-judge"].entries()) {
    const expected = await write(await load(folder));
    expect(texts[index]!.ids).toEqual(expected.ids);
    expect(largestDifference(texts[index]!, expected)).toBeLessThan(1e-4);
  }
  expect(new Set(texts.map((it) => it.ids.join(" "))).size).toBe(3);
});

test("a row with an adapter has the same bits alone and in company", async () => {
  const { runner, adapters } = await load("base", ["poet"]);
  const adapter = adapters.get("poet")!;
  expect(adapter.isBatchInvariant).toBe(true);
  for (const row of [0, 1, 2]) {
    await runner.prefill({ row, start: 0, ids: [...PROMPT, row, 1], logits: "last", adapter });
  }
  const seen: Float32Array[] = [];
  for (const count of [1, 2, 3]) {
    const logits = await runner.decode({
      ids: [7, 8, 9].slice(0, count),
      lengths: Array.from({ length: count }, () => 8),
      temperatures: Array.from({ length: count }, () => undefined),
      ...{ spareLength: 8, adapter },
    });
    seen.push(logits.at(0).all.slice());
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

test("adapters count as memory, and builds tell them apart", async () => {
  const [plain, base] = [await load("base"), await load("base", ["poet", "judge"])];
  expect(base.memory.bytes).toBeGreaterThan(plain.memory.bytes);
  const builds = [...base.adapters.values()].map((it) => it.build);
  expect(new Set(builds).size).toBe(2);
  expect(builds[0]).toMatch(/^[0-9a-f]{64}$/);
});

test.each(["fp16", "int4-block32"] as const)("a base in %s takes adapters", async (form) => {
  const folder = `base-${form}`;
  const type = form === "fp16" ? "float16" : "float32";
  await writeSyntheticModel({ folder: at(folder), seed: SEED, takesAdapters: true, form });
  await writeSyntheticAdapter({ path: at(`${form}.onnx_adapter`), dimensions, ...POET, type });
  const model = await load(folder, [form]);
  const [own, corrected] = [await write(model), await write(model, model.adapters.get(form))];
  expect(largestDifference(own, corrected)).toBeGreaterThan(1);
});

test("a base whose cache grows takes adapters", async () => {
  await writeSyntheticModel({ folder: at("grows"), seed: SEED, takesAdapters: true, growing: {} });
  const model = await load("grows", ["poet"]);
  const text = await write(model, model.adapters.get("poet"));
  const expected = await write(await load("merged-poet"));
  expect(text.ids).toEqual(expected.ids);
  expect(largestDifference(text, expected)).toBeLessThan(1e-3);
});

const TENSORS = listParameters({ dimensions, ...POET });
const [FIRST, SECOND] = TENSORS as [AdapterParameter, AdapterParameter];

async function lineOf(parameters: AdapterParameter[], folder = "base"): Promise<string> {
  writeFileSync(at("bad.onnx_adapter"), encodeAdapter(parameters));
  const error: unknown = await load(folder, ["bad"]).catch((it) => it);
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).line;
}

test.each([
  [
    "of a wider base",
    listParameters({ dimensions: toDimensions({ dimensions: { hiddenSize: 128 } }), ...POET }),
    /another base than base: its model\.layers\.0\.attn\.qkv_proj\.lora_A\.MatMul\.weight has the shape \[128,4\], where the graph takes \[64,lora_r\]\./,
  ],
  [
    "of a deeper base",
    listParameters({ dimensions: toDimensions({ dimensions: { layerCount: 3 } }), ...POET }),
    /its model\.layers\.2\.attn\.qkv_proj\.lora_A\.MatMul\.weight is no weight of the graph/,
  ],
  [
    "of a base in half precision",
    listParameters({ dimensions, ...POET, type: "float16" }),
    /is float16, where the graph takes float32/,
  ],
  ["with one half", [FIRST], /it has model\S+lora_A\S+ and not model\S+lora_B/],
  ["with the other half", [SECOND], /it has model\S+lora_B\S+ and not model\S+lora_A/],
  [
    "with halves of different ranks",
    [FIRST, listParameters({ dimensions, ...JUDGE })[1]!],
    /lora_A\S+ has rank 4 and its \S+lora_B\S+ 16/,
  ],
  [
    "with another rank of tensors",
    [{ ...FIRST, dims: [64, 2, 2] }, SECOND],
    /has the shape \[64,2,2\]/,
  ],
])("an adapter %s is refused", async (_, parameters, expected) => {
  expect(await lineOf(parameters as AdapterParameter[])).toMatch(expected);
});

test("a graph that takes no adapters says so", async () => {
  expect(await lineOf(TENSORS, "plain")).toMatch(/the graph of plain takes no adapters .* merge/);
});

test("a session that cannot feed adapters says so", async () => {
  const adapters = [{ name: "poet", path: at("poet.onnx_adapter") }];
  const loading = loadModel(at("base"), { ...OPTIONS, adapters, sessionKind: "portable" });
  await expect(loading).rejects.toThrow(/adapters need onnxruntime's C interface/);
});

test("files that are none are refused by their path", async () => {
  const load = (path: string) =>
    loadModel(at("base"), { ...OPTIONS, adapters: [{ name: "one", path }] });
  await expect(load("/nowhere")).rejects.toThrow(/^\/nowhere cannot be read as an adapter: ENOENT/);
  mkdirSync(at("folder"), { recursive: true });
  await expect(load(at("folder"))).rejects.toThrow(/folder is a folder and no adapter/);
  writeFileSync(join(at("folder"), "adapter_config.json"), "{}");
  const peft: unknown = await load(at("folder")).catch((it) => it);
  expect((peft as StartError).line).toMatch(/folder is an adapter as PEFT keeps it.*olive convert/);
  writeFileSync(at("text"), "<!doctype html><title>Not found</title>");
  await expect(load(at("text"))).rejects.toThrow(/text cannot be read as an adapter: it does not/);
});

test("names are told apart", async () => {
  await expect(load("base", ["poet", "poet"])).rejects.toThrow(/would be named poet/);
  writeFileSync(at("base.onnx_adapter"), encodeAdapter(TENSORS));
  await expect(load("base", ["base"])).rejects.toThrow(/would be named base/);
});

test.each<[string, SyntheticModelOptions["growing"]]>([
  ["growing-alone", { window: 20 }],
  ["fused-alone", { positions: "length" }],
  ["growing", { softCap: 50 }],
])(
  "an adapter over a graph that is served %s gives what the merged model gives",
  async (form, growing) => {
    const name = `over-${form}`;
    await writeSyntheticModel({ folder: at(name), seed: SEED, growing, takesAdapters: true });
    await writeSyntheticModel({ folder: at(`${name}-merged`), seed: SEED, growing, merged: POET });
    const model = await load(name, ["poet"]);
    const poet = model.adapters.get("poet");
    expect(model.form.name).toBe(form);
    expect(poet?.isBatchInvariant).toBe(form !== "growing");
    const text = await write(model, poet);
    const merged = await write(await load(`${name}-merged`));
    expect(text.ids).toEqual(merged.ids);
    expect(largestDifference(text, merged)).toBeLessThan(1e-4);
  },
);
