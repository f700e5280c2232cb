/**
 * Goal: GGUF files say what they hold and hold the weights of the graph.
 * Method: read them with a reader written from the specification, apart from the writer. That
 * llama.cpp computes the same function from them is checked where it is measured, in bench/.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GGUF_TYPES, type GgufType } from "./gguf-blocks";
import { fromHalf } from "./half-float";
import { ModelWeights } from "./model-weights";
import { type GgufOptions, writeGguf } from "./write-gguf";
import { toDimensions } from "./write-synthetic-model";

let root: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-gguf-"));
});
afterAll(() => rm(root, { recursive: true }));

type Tensor = { dims: number[]; typeId: number; bytes: Uint8Array };
type Gguf = { metadata: Map<string, unknown>; tensors: Map<string, Tensor>; length: number };

async function write(options: Omit<GgufOptions, "path">): Promise<Gguf> {
  const path = join(root, `${count++}.gguf`);
  await writeGguf({ path, ...options });
  return parse(await readFile(path));
}

function parse(file: Buffer): Gguf {
  let place = 0;
  const take = (length: number) => {
    place += length;
    expect(place).toBeLessThanOrEqual(file.length);
    return file.subarray(place - length, place);
  };
  const uint32 = () => take(4).readUInt32LE();
  const uint64 = () => Number(take(8).readBigUInt64LE());
  const string = () => take(uint64()).toString("utf8");
  const value = (type: number): unknown => {
    if (type === 4) return uint32();
    if (type === 5) return take(4).readInt32LE();
    if (type === 6) return take(4).readFloatLE();
    if (type === 7) return take(1)[0] === 1;
    if (type === 8) return string();
    expect(type).toBe(9);
    const of = uint32();
    return Array.from({ length: uint64() }, () => value(of));
  };
  expect(take(4).toString()).toBe("GGUF");
  expect(uint32()).toBe(3);
  const [tensorCount, valueCount] = [uint64(), uint64()];
  const metadata = new Map(
    Array.from({ length: valueCount }, () => [string(), value(uint32())] as const),
  );
  const infos = Array.from({ length: tensorCount }, () => ({
    name: string(),
    dims: Array.from({ length: uint32() }, uint64),
    typeId: uint32(),
    offset: uint64(),
  }));
  const data = Math.ceil(place / 32) * 32;
  const tensors = new Map<string, Tensor>();
  let end = data;
  for (const { name, dims, typeId, offset } of infos) {
    const type = Object.values(GGUF_TYPES).find((it) => it.id === typeId)!;
    const length = (dims.reduce((a, b) => a * b) / type.blockSize) * type.blockBytes;
    expect(offset % 32).toBe(0);
    expect(data + offset).toBe(Math.ceil(end / 32) * 32);
    end = data + offset + length;
    tensors.set(name, { dims, typeId, bytes: file.subarray(data + offset, end) });
  }
  expect(file.length).toBe(Math.ceil(end / 32) * 32);
  return { metadata, tensors, length: file.length };
}

function toFloats({ typeId, bytes }: Tensor): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floats: number[] = [];
  if (typeId === 0)
    for (let at = 0; at < bytes.length; at += 4) floats.push(view.getFloat32(at, true));
  if (typeId === 1)
    for (let at = 0; at < bytes.length; at += 2) floats.push(fromHalf(view.getUint16(at, true)));
  if (typeId === 8) {
    for (let at = 0; at < bytes.length; at += 34) {
      const scale = fromHalf(view.getUint16(at, true));
      for (let index = 0; index < 32; index++) floats.push(scale * view.getInt8(at + 2 + index));
    }
  }
  if (typeId === 2) {
    for (let at = 0; at < bytes.length; at += 18) {
      const scale = fromHalf(view.getUint16(at, true));
      const codes = bytes.subarray(at + 2, at + 18);
      for (const code of codes) floats.push(scale * ((code & 15) - 8));
      for (const code of codes) floats.push(scale * ((code >>> 4) - 8));
    }
  }
  return Float32Array.from(floats);
}

const weights = (dimensions = {}) =>
  new ModelWeights({ dimensions: toDimensions({ dimensions }), seed: 5, logitScale: 4 });

/** Largest error over the deviation of the weights, which is a quarter for queries over 64 inputs. */
const ERROR_MAX: Record<GgufType, number> = { F32: 0, F16: 0.003, Q8_0: 0.02, Q4_0: 0.55 };

test.each(["F32", "F16", "Q8_0", "Q4_0"] as const)("%s holds the graph's weights", async (type) => {
  const { metadata, tensors } = await write({ type, seed: 5, dimensions: { qkvBias: true } });
  expect(metadata.get("general.file_type")).toBe(GGUF_TYPES[type].fileType);
  const matrix = weights({ qkvBias: true }).matrix("layers.1.query");
  const expected = new Float32Array(matrix.rows * matrix.columns);
  matrix.fill(expected, 0);
  const tensor = tensors.get("blk.1.attn_q.weight")!;
  expect(tensor).toMatchObject({ dims: [64, 64], typeId: GGUF_TYPES[type].id });
  const found = toFloats(tensor);
  const errors = found.map((it, index) => Math.abs(it - expected[index]!));
  expect(Math.max(...errors) * 4).toBeLessThanOrEqual(ERROR_MAX[type]);
  const bias = tensors.get("blk.1.attn_q.bias")!;
  expect(bias.typeId).toBe(0);
  expect(toFloats(bias)).toEqual(weights({ qkvBias: true }).vector("layers.1.queryBias"));
});

test("the llama architecture has the rows of queries and keys in pairs", async () => {
  const { metadata, tensors } = await write({ type: "F32", seed: 5 });
  expect(metadata.get("general.architecture")).toBe("llama");
  for (const [name, part] of [
    ["attn_q", "query"],
    ["attn_k", "key"],
  ] as const) {
    const matrix = weights().matrix(`layers.0.${part}`);
    const expected = new Float32Array(matrix.rows * 64);
    matrix.fill(expected, 0);
    const found = toFloats(tensors.get(`blk.0.${name}.weight`)!);
    const toRow = (floats: Float32Array, row: number) => floats.slice(row * 64, (row + 1) * 64);
    // Heads of 16 rows: 0 and 8 turn together, then 1 and 9.
    for (const head of [0, matrix.rows / 16 - 1]) {
      for (const [theirs, ours] of [
        [0, 0],
        [1, 8],
        [2, 1],
        [15, 15],
      ] as const) {
        expect(toRow(found, head * 16 + theirs)).toEqual(toRow(expected, head * 16 + ours));
      }
    }
  }
  const value = weights().matrix("layers.0.value");
  const unmoved = new Float32Array(value.rows * 64);
  value.fill(unmoved, 0);
  expect(toFloats(tensors.get("blk.0.attn_v.weight")!)).toEqual(unmoved);
});

test("metadata name the sizes and a vocabulary of the same length", async () => {
  const { metadata } = await write({ type: "Q4_0", dimensions: { qkvBias: true } });
  expect(metadata.get("qwen2.block_count")).toBe(2);
  expect(metadata.get("qwen2.attention.head_count_kv")).toBe(2);
  expect(metadata.get("qwen2.attention.layer_norm_rms_epsilon")).toBeCloseTo(1e-6, 10);
  expect(metadata.get("tokenizer.ggml.tokens")).toHaveLength(1_000);
  expect(metadata.get("tokenizer.ggml.token_type")).toHaveLength(1_000);
  expect(metadata.get("tokenizer.ggml.eos_token_id")).toBe(998);
  expect(metadata.get("tokenizer.ggml.add_bos_token")).toBe(false);
});

test("a head of its own is a tensor of its own", async () => {
  const tied = await write({ type: "Q8_0" });
  const untied = await write({ type: "Q8_0", dimensions: { isTied: false } });
  expect(tied.tensors.has("output.weight")).toBe(false);
  expect(untied.tensors.get("output.weight")).toMatchObject({ dims: [64, 1_000] });
});

test("rows that are no whole number of blocks are refused", async () => {
  await expect(write({ type: "Q4_0", dimensions: { innerSize: 100 } })).rejects.toThrow(
    /ffn_down\.weight: rows of 100 weights/,
  );
});
