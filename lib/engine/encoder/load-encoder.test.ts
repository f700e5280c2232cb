/**
 * Goal: a folder is read for what it is, and one that cannot be served says why.
 * Method: seeded folders, as they are published and with one thing changed.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { decodeModel, encodeModel, type OnnxModel } from "../onnx/onnx-model";
import {
  type SyntheticEncoderOptions,
  writeSyntheticEncoder,
} from "../synthetic/write-synthetic-encoder";
import {
  type SyntheticModelOptions,
  writeSyntheticModel,
} from "../synthetic/write-synthetic-model";
import { EncoderEngine } from "./encoder-engine";
import { planEncoderMemory } from "./encoder-memory";
import { findGraphEnds } from "./graph-ends";
import { readServedKind } from "./served-kind";

const never = new AbortController().signal;
let root = "";
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-load-encoder-"));
});
afterAll(() => rm(root, { recursive: true }));

const newFolder = () => join(root, `folder-${count++}`);

async function write(options: Omit<SyntheticEncoderOptions, "folder"> = {}): Promise<string> {
  return (await writeSyntheticEncoder({ folder: newFolder(), ...options })).folder;
}

async function load(folder: string, options: object = {}): Promise<EncoderEngine> {
  const graphCacheFolder = join(root, "cache");
  return EncoderEngine.load(folder, { threadCount: 1, graphCacheFolder, ...options });
}

/** Loads, looks and closes. */
async function inspect<T>(folder: string, look: (engine: EncoderEngine) => T, options = {}) {
  const engine = await load(folder, options);
  try {
    return await look(engine);
  } finally {
    await engine.close();
  }
}

async function changeGraph(folder: string, change: (graph: OnnxModel["graph"]) => void) {
  const path = join(folder, "onnx/model.onnx");
  const model = decodeModel(await readFile(path));
  change(model.graph);
  await writeFile(path, encodeModel(model));
}

/** A decoder as it is exported for vectors: with a past, and states instead of logits. */
async function writeEmbeddingDecoder(
  options: Partial<SyntheticModelOptions> = {},
): Promise<string> {
  const folder = newFolder();
  const dimensions = { contextLength: 96 };
  await writeSyntheticModel({ folder, withHiddenState: true, dimensions, ...options });
  await changeGraph(folder, (graph) => {
    graph.output = graph.output.filter((it) => it.name !== "logits");
    graph.node = graph.node.filter((it) => !it.output.includes("logits"));
  });
  return folder;
}

describe("the kind of a folder", () => {
  test.each<[string, Partial<SyntheticEncoderOptions>]>([
    ["states", {}],
    ["vectors", { head: { kind: "sentence" } }],
    ["labels", { head: { kind: "classifier", labelCount: 2 } }],
    ["a quantised form alone", { form: "int8-dynamic" }],
  ])("of an encoder with %s is read from its graph", async (_name, options) => {
    expect(await readServedKind(await write(options))).toBe("encoder");
  });

  test("of a decoder is another, with states besides too, unless it gives nothing else", async () => {
    const folder = newFolder();
    await writeSyntheticModel({ folder, withHiddenState: true });
    expect(await readServedKind(folder)).toBe("decoder");
    expect(await findGraphEnds(join(folder, "onnx/model.onnx"))).toMatchObject({
      inputs: expect.arrayContaining(["input_ids", "attention_mask", "past_key_values.0.key"]),
      outputs: expect.arrayContaining(["logits", "present.1.value", "last_hidden_state"]),
    });
    expect(await readServedKind(await writeEmbeddingDecoder())).toBe("encoder");
  });

  test("of what is no graph is left to the loader of decoders, which says so", async () => {
    expect(await readServedKind(newFolder())).toBe("decoder");
    const folder = await write();
    await writeFile(join(folder, "onnx/model.onnx"), "not a graph, however it is read");
    expect(await readServedKind(folder)).toBe("decoder");
    const config = { architectures: ["SomeForCausalLM"] };
    const writer = await write({ head: { kind: "classifier", labelCount: 9 }, config });
    expect(await readServedKind(writer)).toBe("decoder");
  });
});

test("names are looked for in damaged files without an end or an exception", async () => {
  const seed = 13;
  const random = seededRandom(seed);
  const whole = await readFile(join(await write(), "onnx/model.onnx"));
  const path = join(root, "damaged.onnx");
  for (let round = 0; round < 40; round++) {
    const bytes = Buffer.from(whole.subarray(0, Math.floor(random() * whole.length)));
    for (let hit = 0; hit < 4; hit++) {
      const place = Math.floor(random() * Math.min(bytes.length, round % 2 ? 64 : bytes.length));
      if (bytes.length > 0) bytes[place] = Math.floor(random() * 256);
    }
    await writeFile(path, bytes);
    const ends = await findGraphEnds(path);
    expect(ends === undefined || Array.isArray(ends.inputs), `seed ${seed}`).toBe(true);
  }
});

describe("how long a text may be", () => {
  const lengthOf = (folder: string, options = {}) =>
    inspect(folder, ({ model }) => model.contextLength, options);

  test("is the least that any file states", async () => {
    expect(await lengthOf(await write())).toBe(64);
    expect(await lengthOf(await write({ family: "roberta" }))).toBe(64);
    const sentence = { "sentence_bert_config.json": { max_seq_length: 32, do_lower_case: true } };
    expect(await lengthOf(await write({ files: sentence }))).toBe(32);
    const tokenizer = { "tokenizer_config.json": { model_max_length: 1e30, unk_token: "[UNK]" } };
    expect(await lengthOf(await write({ files: tokenizer }))).toBe(64);
    expect(await lengthOf(await write(), { contextLengthMax: 16 })).toBe(16);
  });

  test.each([
    [{ contextLengthMax: 65 }, /65 tokens/],
    [{ contextLengthMax: 4 }, /no room/],
    [{ memoryBytes: 1_000 }, /does not fit/],
  ])("%j is refused with what to do", async (options, message) => {
    await expect(load(await write(), options)).rejects.toMatchObject({
      name: "StartError",
      message: expect.stringMatching(message),
      remedy: expect.stringContaining("--max-model-len"),
    });
  });
});

test("a model reads as long texts as memory has room for, unless a length was asked for", () => {
  const need = {
    ...{ weightBytes: 5e8, headCount: 12, hiddenSize: 768, innerSize: 3_072 },
    ...{ contextLength: 8_192, mayReadLess: true },
  };
  expect(planEncoderMemory(need, 16e9)).toMatchObject({ contextLength: 8_192, warning: undefined });
  const lowered = planEncoderMemory(need, 3e9);
  expect(lowered.contextLength).toBe(4_096);
  expect(lowered.warning).toContain("4096 of 8192 tokens");
  expect(lowered.bytes).toBeLessThan(3e9);
  expect(() => planEncoderMemory({ ...need, mayReadLess: false }, 3e9)).toThrow(/does not fit/);
  expect(() => planEncoderMemory(need, 5e8)).toThrow(/does not fit/);
});

const MODULES = [
  { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
  { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
  { idx: 2, name: "2", path: "2_Dense", type: "sentence_transformers.models.Dense" },
];
const DENSE = {
  in_features: 64,
  out_features: 3,
  bias: true,
  activation_function: "torch.nn.modules.activation.Tanh",
};

/** A file of safetensors with a weight and a bias. */
function toSafetensors(weight: number[], bias: number[]): Uint8Array {
  const numbers = Float32Array.from([...weight, ...bias]);
  const split = 4 * weight.length;
  const header = JSON.stringify({
    __metadata__: { format: "pt" },
    "linear.weight": { dtype: "F32", shape: [3, 64], data_offsets: [0, split] },
    "linear.bias": { dtype: "F32", shape: [3], data_offsets: [split, split + 12] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(numbers.buffer)]);
}

describe("modules after the tokens", () => {
  const files = {
    "modules.json": MODULES,
    "1_Pooling/config.json": { pooling_mode: "mean" },
    "2_Dense/config.json": DENSE,
  };

  test("a dense layer is applied, and its weights are part of the build", async () => {
    const folder = await write({ files, seed: 2 });
    const weight = Array.from({ length: 192 }, (_, at) => Math.sin(at));
    const bias = [0.5, -0.25, 0.125];
    await writeFile(join(folder, "2_Dense/model.safetensors"), toSafetensors(weight, bias));
    const bare = await write({ seed: 2 });
    const text = "bace dimo fonu";
    // The mean, of a length that the plain engine has taken away.
    const mean = await inspect(bare, async ({ model }) => {
      const [pooled = new Float64Array()] = await model.runner.run([model.tokenizer.encode(text)]);
      return [...pooled];
    });
    const raw = bias.map((b, row) =>
      Math.tanh(mean.reduce((sum, it, at) => sum + it * (weight[64 * row + at] ?? 0), b)),
    );
    const length = Math.hypot(...raw);
    await inspect(folder, async (engine) => {
      const { embeddings } = await engine.embed([text], { signal: never });
      for (const [at, value] of raw.entries()) {
        expect(embeddings[0]?.[at]).toBeCloseTo(value / length, 5);
      }
    });
    const other = newFolder();
    await cp(folder, other, { recursive: true });
    await writeFile(join(other, "2_Dense/model.safetensors"), toSafetensors(weight, [1, 2, 3]));
    const buildOf = (of: string) => inspect(of, ({ model }) => model.build);
    expect(await buildOf(other)).not.toBe(await buildOf(folder));
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["weights that are not there", {}, /2_Dense\/model\.safetensors cannot be read/],
    [
      "another activation",
      { "2_Dense/config.json": { ...DENSE, activation_function: "torch.nn.GELU" } },
      /GELU|cannot be read/,
    ],
    [
      "a module of another kind",
      { "modules.json": [{ path: "9_LSTM", type: "sentence_transformers.models.LSTM" }] },
      /LSTM cannot be applied/,
    ],
    ["no way of pooling", { "1_Pooling/config.json": {} }, /no way of pooling/],
    [
      "a dense layer that reads something else",
      { "1_Pooling/config.json": { pooling_mode: ["mean", "max"] } },
      /cannot be read|reads 64 numbers/,
    ],
    ["what is no list", { "modules.json": { no: "list" } }, /modules\.json/],
  ])("%s keep it from being served, by name", async (_name, changes, message) => {
    const folder = await write({ files: { ...files, ...changes } });
    const failure = { name: "StartError", message: expect.stringMatching(message) };
    await expect(load(folder)).rejects.toMatchObject(failure);
  });
});

describe("graphs", () => {
  test.each<[string, Partial<SyntheticModelOptions>]>([
    ["in place", {}],
    ["growing", { growing: {} }],
    ["growing, with positions of its own", { growing: { positions: "input" } }],
  ])(
    "of a decoder made for vectors are read by their last token (cache %s)",
    async (_, options) => {
      const folder = await writeEmbeddingDecoder(options);
      await inspect(folder, async (engine) => {
        expect(engine.abilities).toEqual(["embeddings"]);
        expect(engine.model.warnings).toEqual([expect.stringContaining("last token")]);
        const texts = ["a", "one lantern", "a robot and a lantern in the rain"];
        const { embeddings } = await engine.embed(texts, { signal: never });
        for (const [index, text] of texts.entries()) {
          const alone = await engine.embed([text], { signal: never });
          const differences = embeddings[index]?.map((it, at) =>
            Math.abs(it - (alone.embeddings[0]?.[at] ?? Number.NaN)),
          );
          expect(Math.max(...(differences ?? [1]))).toBeLessThan(1e-5);
        }
      });
    },
  );

  test("run the portable way as well", async () => {
    const folder = await write({ seed: 8 });
    const read = (options = {}) =>
      inspect(
        folder,
        async (engine) => (await engine.embed(["bace", "dimo fonu"], { signal: never })).embeddings,
        options,
      );
    const [native, portable] = [await read(), await read({ sessionKind: "portable" })];
    for (const [row, vector] of native.entries()) {
      for (const [at, value] of vector.entries()) expect(portable[row]?.[at]).toBeCloseTo(value, 6);
    }
  });

  test("that take no mask get no padding", async () => {
    const folder = await write();
    await changeGraph(folder, (graph) => {
      // The mask becomes ones of the ids' shape.
      graph.input = graph.input.filter((it) => it.name !== "attention_mask");
      const value = { dims: [1], dataType: 7, rawData: Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]) };
      graph.node.unshift(
        { opType: "Shape", input: ["input_ids"], output: ["ids_shape"] },
        {
          opType: "ConstantOfShape",
          ...{ input: ["ids_shape"], output: ["attention_mask"] },
          attribute: [{ name: "value", type: 4, t: value }],
        },
      );
    });
    const texts = ["bace", "dimo fonu", "dimo fonu ha", "ke"];
    await inspect(folder, async (engine) => {
      expect(engine.model.mayMixLengths).toBe(false);
      const { embeddings } = await engine.embed(texts, { signal: never });
      for (const [index, text] of texts.entries()) {
        const alone = await engine.embed([text], { signal: never });
        expect(embeddings[index]).toEqual(alone.embeddings[0]);
      }
    });
  });

  test("that take int32 or give float16 give the same vectors, as exactly as they can", async () => {
    const texts = ["bace", "dimo fonu ha"];
    const read = async (folder: string) =>
      inspect(folder, async (engine) => (await engine.embed(texts, { signal: never })).embeddings);
    const expected = await read(await write({ seed: 5 }));
    const int32 = await write({ seed: 5 });
    await changeGraph(int32, (graph) => {
      for (const { type } of graph.input) type.tensorType.elemType = 6;
    });
    expect(await read(int32)).toEqual(expected);
    const float16 = await write({ seed: 5 });
    await changeGraph(float16, (graph) => {
      const last = graph.node.at(-1)!;
      last.opType = "Cast";
      last.attribute = [{ name: "to", type: 2, i: 10 }];
      graph.output[0]!.type.tensorType.elemType = 10;
    });
    for (const [row, vector] of (await read(float16)).entries()) {
      for (const [at, value] of vector.entries()) {
        expect(Math.abs(value - (expected[row]?.[at] ?? 1))).toBeLessThan(1e-3);
      }
    }
  });

  test.each<[string, (graph: OnnxModel["graph"]) => void, RegExp]>([
    [
      "an input that nobody knows",
      (graph) => {
        graph.input.push({ ...graph.input[0]!, name: "pixel_values" });
      },
      /pixel_values/,
    ],
    [
      "logits of each token",
      (graph) => {
        graph.output[0]!.name = "logits";
        graph.node.at(-1)!.output = ["logits"];
      },
      /for each token/,
    ],
  ])("with %s are refused", async (_name, change, message) => {
    const folder = await write();
    await changeGraph(folder, change);
    const failure = { name: "StartError", message: expect.stringMatching(message) };
    await expect(load(folder)).rejects.toMatchObject(failure);
  });
});
