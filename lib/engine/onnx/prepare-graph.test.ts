/**
 * Goal: a prepared graph gives what the published one gives, its weights are never written twice, and
 * nothing that lies in the cache folder or fails there can change or stop that.
 */
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { writeSyntheticModel } from "../synthetic/write-synthetic-model";
import { openForTest, runGraph } from "./graph-testing";
import { decodeModel, encodeModel } from "./onnx-model";
import { makeNode } from "./onnx-parts";
import { type PreparedGraph, prepareGraph } from "./prepare-graph";

const ROWS = [[5, 6, 7, 8]];
const WANTED = { positions: [0, 3], wantsSums: false, inverseTemperatures: [1] };

let root: string;
let folder: string;
let weightPath: string;
let cacheFolder: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-prepare-"));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = join(root, `case-${count++}`);
  cacheFolder = join(folder, "cache", "graphs");
  await mkdir(folder);
  weightPath = join(folder, "model.onnx");
  await copyFile("models/pico-s/onnx/model_q8.onnx", weightPath);
});

const prepare = () => prepareGraph({ weightPath, cacheFolder });

/** The logits at positions 0 and 3, by the prepared graph and by the published one. */
async function readBoth(graph: PreparedGraph, path = weightPath) {
  const [prepared, published] = [
    await openForTest(graph.bytes, graph.externalDataFolder),
    await openForTest(path),
  ];
  const { logits } = await runGraph(prepared, ROWS, WANTED);
  const whole = (await runGraph(published, ROWS)).logits!;
  await prepared.release();
  await published.release();
  const width = whole.dims.at(-1)!;
  const expected = [0, 3].flatMap((at) =>
    [...whole.data.slice(at * width, (at + 1) * width)].map(Number),
  );
  return { logits: [...logits!.data].map(Number), expected };
}

async function expectSame(graph: PreparedGraph, path?: string) {
  const { logits, expected } = await readBoth(graph, path);
  expect(logits).toHaveLength(expected.length);
  const worst = logits.reduce((max, it, at) => Math.max(max, Math.abs(it - expected[at]!)), 0);
  expect(worst).toBeLessThan(1e-4);
}

test("weights are read from the published file, at their place in it", async () => {
  const before = await readFile(weightPath);
  const graph = await prepare();
  expect(graph.warnings).toEqual([]);
  expect(graph.externalDataFolder).toBe(folder);
  expect(graph.bytes.length).toBeLessThan(before.length / 20);
  await expectSame(graph);
  expect(await readFile(weightPath)).toEqual(before);
  expect(graph.facts).toEqual({
    isInPlaceKv: true,
    weightForm: "q8",
    hasLogitsPositions: true,
    vocabularySize: 4096,
    topCount: 64,
    blockSize: 64,
  });
});

describe("the cache", () => {
  test("gives the same again and is not written again", async () => {
    const first = await prepare();
    const [name] = await readdir(cacheFolder);
    // An entry that is made anew is another file under the same name.
    const entry = await stat(join(cacheFolder, name!));
    const second = await prepare();
    expect(Buffer.compare(second.bytes, first.bytes)).toBe(0);
    expect(second.facts).toEqual(JSON.parse(JSON.stringify(first.facts)));
    expect(second.externalDataFolder).toBe(folder);
    expect((await stat(join(cacheFolder, name!))).ino).toBe(entry.ino);
    expect(await readdir(cacheFolder)).toEqual([name]);
    await expectSame(second);
  });

  test("keeps no graph whose attention could not be tried", async () => {
    const dimensions = { layerCount: 1, vocabularySize: 300 };
    const { graphFile } = await writeSyntheticModel({ folder, growing: {}, dimensions });
    const path = join(folder, "onnx", graphFile);
    const prepareWith = (headCount: number) => {
      const hints = { headCount, contextLength: 64 };
      return prepareGraph({ weightPath: path, cacheFolder, hints });
    };
    // Three heads of queries do not share two of keys.
    const { facts } = await prepareWith(3);
    expect(facts.fusionRefusal).toContain("cannot be run by itself");
    expect(await readdir(cacheFolder)).toEqual([]);
    expect((await prepareWith(4)).facts.isFused).toBe(true);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  test.each([
    ["cut short", (entry: Buffer) => entry.subarray(0, entry.length - 1)],
    ["empty", () => Buffer.alloc(0)],
    ["of something else", () => Buffer.from("<html>\n{}\n")],
    [
      "with one bit turned",
      (entry: Buffer) => {
        const turned = Buffer.from(entry);
        turned[200]! ^= 1;
        return turned;
      },
    ],
  ])("makes an entry anew that is %s", async (_, damage) => {
    const first = await prepare();
    const path = join(cacheFolder, (await readdir(cacheFolder))[0]!);
    const good = await readFile(path);
    await writeFile(path, damage(good));
    const second = await prepare();
    expect(second.warnings).toEqual([]);
    expect(Buffer.compare(second.bytes, first.bytes)).toBe(0);
    expect(await readFile(path)).toEqual(good);
  });

  test("costs only time when it cannot be written", async () => {
    // A file where the folder should be: the one obstacle that stops root, too.
    await writeFile(join(folder, "cache"), "in the way");
    const graph = await prepare();
    expect(graph.warnings).toEqual([expect.stringContaining(cacheFolder)]);
    await expectSame(graph);
  });

  test("costs only time when an entry cannot be written", async () => {
    await prepare();
    const path = join(cacheFolder, (await readdir(cacheFolder))[0]!);
    await rm(path);
    await mkdir(path);
    const graph = await prepare();
    expect(graph.warnings).toHaveLength(1);
    expect(await readdir(cacheFolder)).toEqual([basename(path)]);
    await expectSame(graph);
  });

  test("does not take another file of the same name and size for the one it knows", async () => {
    const first = await prepare();
    const { atime, mtime } = await stat(weightPath);
    const model = decodeModel(await readFile(weightPath));
    const norm = model.graph.initializer.find((it) => it.name === "model.norm.weight")!;
    // The last weight of the file, small enough to lie in the graph.
    norm.rawData = Uint8Array.from(norm.rawData!, (byte, at) => (at % 4 === 3 ? byte : byte ^ 1));
    await writeFile(weightPath, encodeModel(model));
    await utimes(weightPath, atime, mtime);
    const second = await prepare();
    expect(Buffer.compare(second.bytes, first.bytes)).not.toBe(0);
    expect(await readdir(cacheFolder)).toHaveLength(2);
    await expectSame(second);
  });

  test("serves two that start at once", async () => {
    const graphs = await Promise.all(Array.from({ length: 6 }, prepare));
    for (const graph of graphs) {
      expect(graph.warnings).toEqual([]);
      expect(Buffer.compare(graph.bytes, graphs[0]!.bytes)).toBe(0);
    }
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });
});

test("a file behind a link is found, as hub caches keep theirs", async () => {
  const linked = join(folder, "snapshot", "model.onnx");
  await mkdir(join(folder, "snapshot"));
  await symlink(weightPath, linked);
  const graph = await prepareGraph({ weightPath: linked, cacheFolder });
  expect(graph.externalDataFolder).toBe(folder);
  await expectSame(graph);
});

test("a copy elsewhere has an entry of its own", async () => {
  await prepare();
  const copy = join(folder, "copy", "model.onnx");
  await mkdir(join(folder, "copy"));
  await copyFile(weightPath, copy);
  const { atime, mtime } = await stat(weightPath);
  await utimes(copy, atime, mtime);
  await rm(weightPath);
  const graph = await prepareGraph({ weightPath: copy, cacheFolder });
  expect(graph.externalDataFolder).toBe(join(folder, "copy"));
  await expectSame(graph, copy);
});

test("weights beside the graph are found through the links of a hub cache", async () => {
  const { graphFile } = await writeSyntheticModel({ folder, weightsBeside: true });
  const [snapshot, blobs] = [join(folder, "snapshot"), join(folder, "blobs")];
  await mkdir(snapshot);
  await mkdir(blobs);
  for (const [name, blob] of [
    [graphFile, "aaa"],
    [`${graphFile}_data`, "bbb"],
  ] as const) {
    await rename(join(folder, "onnx", name), join(blobs, blob));
    await symlink(join("..", "blobs", blob), join(snapshot, name));
  }
  const path = join(snapshot, graphFile);
  const graph = await prepareGraph({ weightPath: path, cacheFolder });
  expect(graph.externalDataFolder).toBe(blobs);
  await expectSame(graph, path);
  await rm(join(snapshot, `${graphFile}_data`));
  await expect(prepareGraph({ weightPath: path, cacheFolder })).rejects.toThrow(/model.onnx_data/);
});

test("weights beside the graph keep their place", async () => {
  const model = { folder, weightsBeside: true, withHiddenState: true } as const;
  const { graphFile } = await writeSyntheticModel(model);
  const path = join(folder, "onnx", graphFile);
  const graph = await prepareGraph({ weightPath: path, cacheFolder });
  expect(graph.externalDataFolder).toBe(join(folder, "onnx"));
  await expectSame(graph, path);
});

test.each(["../secret.bin", "/etc/hostname", "a/../../secret.bin", "..\\secret.bin"])(
  "weights at %s, out of the model's folder, are refused and not read",
  async (location) => {
    const { graphFile } = await writeSyntheticModel({ folder, weightsBeside: true });
    const path = join(folder, "onnx", graphFile);
    const model = decodeModel(await readFile(path));
    for (const tensor of model.graph.initializer) {
      for (const entry of tensor.externalData ?? []) {
        if (entry.key === "location") entry.value = location;
      }
    }
    await writeFile(path, encodeModel(model));
    await writeFile(join(folder, "secret.bin"), Buffer.alloc(1 << 20));
    await expect(prepareGraph({ weightPath: path, cacheFolder })).rejects.toMatchObject({
      message: expect.stringContaining("lie outside its folder"),
    });
  },
);

test.runIf(process.platform === "linux")(
  "a cache folder where no folder can be made is a warning and no endless wait",
  async () => {
    const { graphFile } = await writeSyntheticModel({ folder });
    const weightPath = join(folder, "onnx", graphFile);
    const graph = await prepareGraph({ weightPath, cacheFolder: "/proc/nope/graphs" });
    expect(graph.warnings.join()).toMatch(/prepared anew at every start/);
  },
);

describe("facts", () => {
  test("one scale for a whole batch is told with its operator", async () => {
    const { graphFile } = await writeSyntheticModel({ folder, form: "int8-dynamic" });
    const path = join(folder, "onnx", graphFile);
    const { facts } = await prepareGraph({ weightPath: path, cacheFolder });
    expect(facts.batchDependentOperator).toBe("DynamicQuantizeLinear");
    expect(facts.isInPlaceKv).toBe(true);
  });

  test("a scale for each token is none for the batch", async () => {
    const { graphFile } = await writeSyntheticModel({ folder, form: "int8-rows" });
    const path = join(folder, "onnx", graphFile);
    const { facts } = await prepareGraph({ weightPath: path, cacheFolder });
    expect(facts).toMatchObject({ batchDependentOperator: undefined, hasLogitsPositions: true });
  });

  test("a cache that something else reads, too, is not written in place", async () => {
    const model = decodeModel(await readFile(weightPath));
    const peek = makeNode("Identity", { input: ["past_key_values.0.key"], output: ["peek"] });
    model.graph.node.push(peek);
    await writeFile(weightPath, encodeModel(model));
    expect((await prepare()).facts.isInPlaceKv).toBe(false);
  });

  test("a cache that comes back changed is not written in place", async () => {
    const model = decodeModel(await readFile(weightPath));
    const attention = model.graph.node.find((it) => it.opType === "GroupQueryAttention")!;
    const [, present = ""] = attention.output;
    attention.output[1] = "kept";
    model.graph.node.push(makeNode("Neg", { input: ["kept"], output: [present] }));
    await writeFile(weightPath, encodeModel(model));
    expect((await prepare()).facts.isInPlaceKv).toBe(false);
  });

  test("a graph that is left whole says why, and can be loaded", async () => {
    const model = decodeModel(await readFile(weightPath));
    model.graph.node.push(makeNode("Identity", { input: ["logits"], output: ["top_ids"] }));
    await writeFile(weightPath, encodeModel(model));
    const { facts, bytes, externalDataFolder } = await prepare();
    expect(facts).toMatchObject({ hasLogitsPositions: false, refusal: expect.any(String) });
    expect(facts.topCount).toBeUndefined();
    const session = await openForTest(bytes, externalDataFolder);
    expect((await runGraph(session, ROWS)).logits!.dims).toEqual([1, 4, 4096]);
    await session.release();
  });
});

describe("a file that is no graph", () => {
  const seeds = [Date.now() % 1_000_000, 2, 3];
  test.each([
    ["empty", async () => Buffer.alloc(0)],
    ["a web page", async () => Buffer.from("<!doctype html><title>404</title>")],
    ["cut short", async () => (await readFile(weightPath)).subarray(0, 300_000)],
    ["cut shorter", async () => (await readFile(weightPath)).subarray(0, 40)],
    ["a pointer of Git LFS", async () => Buffer.from("version 1\noid sha256:0\nsize 7\n")],
  ])("%s is refused by its path", async (_, make) => {
    await writeFile(weightPath, await make());
    const error = await prepare().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).line).toContain(weightPath);
    expect((error as StartError).line).toContain("Copy the file again");
  });

  test.each(seeds)(
    "bytes turned at random are refused, or are somebody else's: seed %i",
    async (seed) => {
      const bytes = await readFile(weightPath);
      let state = seed;
      for (let turn = 0; turn < 40; turn++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        bytes[state % 8000]! ^= 1 << (state >>> 29);
      }
      await writeFile(weightPath, bytes);
      const result = await prepare().catch((thrown: unknown) => thrown);
      // Some damage makes another graph, which onnxruntime then refuses; what throws is a StartError.
      if (result instanceof Error) expect(result, `seed ${seed}`).toBeInstanceOf(StartError);
    },
  );

  test("a file beyond 2 GB is refused before it is read", async () => {
    // Nothing but a hole after the graph: it takes no room on the disk.
    await truncate(weightPath, 3_000_000_000);
    const error = await prepare().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).line).toMatch(/larger than 2 GB.*external data/);
  });

  test("a file that is not there is named", async () => {
    const missing = prepareGraph({ weightPath: join(folder, "none.onnx"), cacheFolder });
    await expect(missing).rejects.toThrow(/none\.onnx/);
    await expect(missing).rejects.toBeInstanceOf(StartError);
  });
});
