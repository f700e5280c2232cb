/**
 * Goal: what the files beside a graph say is read as it was meant.
 * Method: seeded folders with one thing changed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type SyntheticEncoderOptions,
  writeSyntheticEncoder,
} from "../synthetic/write-synthetic-encoder";
import { EncoderEngine } from "./encoder-engine";

let root = "";
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-encoder-config-"));
});
afterAll(() => rm(root, { recursive: true }));

async function load(options: Omit<SyntheticEncoderOptions, "folder">): Promise<EncoderEngine> {
  const { folder } = await writeSyntheticEncoder({
    ...{ folder: join(root, `folder-${count++}`), ...options },
  });
  return EncoderEngine.load(folder, { threadCount: 1, graphCacheFolder: join(root, "cache") });
}

test.each<[string, Record<string, string>, string[]]>([
  ["a gap", { "2": "pos", "0": "neg" }, ["neg", "LABEL_1", "pos"]],
  ["more names than outputs", { "0": "a", "1": "b", "2": "c", "11": "d" }, ["a", "b", "c"]],
  ["keys that are no places", { neg: "0", "-1": "x", "1": "b" }, ["LABEL_0", "b", "LABEL_2"]],
])("labels stand where their map puts them: %s", async (_name, id2label, labels) => {
  const head = { kind: "classifier", labelCount: 3 } as const;
  const engine = await load({ head, config: { id2label } });
  expect(engine.model.labels).toEqual(labels);
  await engine.close();
});

test.each([
  ["Pooling", "../pooling"],
  ["Pooling", "1_Pooling/../../other"],
  ["Dense", "..\\dense"],
  ["Dense", "/etc"],
  ["Transformer", ".."],
])("a module (%s) outside the folder is not looked at: %s", async (kind, path) => {
  const files = { "modules.json": [{ path, type: `sentence_transformers.models.${kind}` }] };
  await expect(load({ files })).rejects.toMatchObject({
    name: "StartError",
    message: expect.stringContaining(`the path ${path} leads out of the model's folder`),
  });
});

const SIZES = ["hidden_size", "num_attention_heads", "intermediate_size"];

test.each<[string, string[]]>([
  ["nomic-bert", ["n_embd", "n_head", "n_inner"]],
  ["distilbert", ["dim", "n_heads", "hidden_dim"]],
])("sizes have the names of their family: %s", async (_name, names) => {
  const values = [256, 8, 1_000];
  const toConfig = (keys: string[]) => Object.fromEntries(keys.map((it, at) => [it, values[at]]));
  const none = Object.fromEntries(SIZES.map((it) => [it, undefined]));
  const planOf = async (config: Record<string, unknown>) => {
    const engine = await load({ config });
    await engine.close();
    const { memory, files } = engine.model;
    return memory.bytes - files.weightBytes;
  };
  const named = await planOf(toConfig(SIZES));
  expect(named).toBe(64 * (2 * 8 * 64 + 8 * 256 + 2 * 1_000) * 4);
  const other = { num_heads: [2, 4], d_model: "large" };
  expect(await planOf({ ...none, ...other, ...toConfig(names) })).toBe(named);
  // What nobody states is taken to be that of a large model.
  expect(await planOf(none)).toBeGreaterThan(named);
});
