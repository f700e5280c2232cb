/**
 * Goal: a folder whose files and graph do not fit each other is refused at load and not by requests.
 * Method: seeded folders with one thing changed.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeModel, encodeModel } from "../onnx/onnx-model";
import {
  type SyntheticEncoderOptions,
  writeSyntheticEncoder,
} from "../synthetic/write-synthetic-encoder";
import { EncoderEngine } from "./encoder-engine";
import { BARE } from "./special-tokens";
import { tryPasses } from "./try-passes";

const never = new AbortController().signal;
let root = "";
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-try-passes-"));
});
afterAll(() => rm(root, { recursive: true }));

async function write(options: Omit<SyntheticEncoderOptions, "folder"> = {}): Promise<string> {
  const folder = join(root, `folder-${count++}`);
  return (await writeSyntheticEncoder({ folder, ...options })).folder;
}

const load = (folder: string) =>
  EncoderEngine.load(folder, { threadCount: 1, graphCacheFolder: join(root, "cache") });

test.each<[string, Omit<SyntheticEncoderOptions, "folder">]>([
  ["a token for padding", { config: { pad_token_id: 99_999 } }],
  [
    "positions",
    {
      config: { max_position_embeddings: 128 },
      files: { "tokenizer_config.json": { unk_token: "[UNK]" } },
    },
  ],
])("%s that the graph has no row for keeps it from being served", async (_name, options) => {
  await expect(load(await write(options))).rejects.toMatchObject({
    name: "StartError",
    message: expect.stringMatching(/model\.onnx does not read texts of up to \d+ tokens/),
    remedy: expect.stringContaining("config.json"),
  });
});

test("what a device cannot run is not laid at the files' door", async () => {
  let releaseCount = 0;
  const runner = {
    run: () => Promise.reject(new Error("no such kernel")),
    release: () => {
      releaseCount += 1;
    },
  };
  const passes = {
    ...{ source: "model.onnx", parts: BARE.single, contextLength: 9, vocabularySize: 9 },
    isShared: true,
  };
  const failure = tryPasses(runner, { ...passes, device: "webgpu" });
  await expect(failure).rejects.toMatchObject({
    message: expect.stringMatching(/on webgpu: no such kernel\.$/),
    remedy: expect.stringContaining("--device cpu"),
  });
  expect(releaseCount).toBe(1);
});

test("a padding that no pass has is of no account, nor is an id that nobody has sent", async () => {
  for (const options of [
    { form: "int8-dynamic", config: { pad_token_id: 99_999 } },
    { config: { vocab_size: 9_000 } },
  ] as const) {
    const engine = await load(await write(options));
    const texts = ["bace", "dimo fonu ha"];
    expect((await engine.embed(texts, { signal: never })).embeddings).toHaveLength(2);
    await engine.close();
  }
});

test("a graph exported for one text a pass reads them one after the other", async () => {
  const folder = await write({ seed: 6 });
  const texts = ["bace", "dimo fonu", "dimo ha", "ke"];
  const read = async () => {
    const engine = await load(folder);
    const { embeddings } = await engine.embed(texts, { signal: never });
    await engine.close();
    return embeddings;
  };
  const expected = await read();
  const path = join(folder, "onnx/model.onnx");
  const model = decodeModel(await readFile(path));
  for (const { type } of [...model.graph.input, ...model.graph.output]) {
    type.tensorType.shape!.dim[0] = { dimValue: 1 };
  }
  await writeFile(path, encodeModel(model));
  for (const [index, vector] of (await read()).entries()) {
    for (const [at, value] of vector.entries()) {
      expect(value).toBeCloseTo(expected[index]?.[at] ?? Number.NaN, 5);
    }
  }
});
