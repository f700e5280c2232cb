/**
 * Goal: a model arrives whole and unchanged or not at all, whatever happens on the way, and what has arrived is
 * not fetched twice. Method: a hub on loopback that speaks both protocols and fails on demand.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HubServer, startHub } from "@/lib/stand-ins/hub-server";
import { seededRandom } from "@/lib/util/random";
import { type DownloadModelOptions, downloadModel, parseHubName } from "./download-model";
import { ensureModel } from "./ensure-model";
import { huggingFace } from "./hugging-face";
import { listLocalModels, removeModel, verifyModel } from "./local-models";
import { modelScope } from "./model-scope";

const REPO = "maker/tiny-chat";
const random = seededRandom(11);
const bytes = (count: number) =>
  Uint8Array.from({ length: count }, () => Math.floor(256 * random()));
const WEIGHTS = bytes(60_000);
const FILES = {
  "config.json": Buffer.from('{"model_type":"tiny"}'),
  "tokenizer.json": bytes(2_000),
  "README.md": Buffer.from("# Tiny"),
  LICENSE: Buffer.from("MIT"),
  "onnx/model.onnx": WEIGHTS,
  "onnx/model.onnx_data": bytes(30_000),
  "onnx/model_q4.onnx": bytes(20_000),
  "model.safetensors": bytes(90_000),
  "pytorch_model.bin.index.json": Buffer.from("{}"),
};
const TAKEN = ["LICENSE", "README.md", "config.json", "onnx/model.onnx", "onnx/model.onnx_data"];

const { signal } = new AbortController();
const retry = { firstMs: 1, longestMs: 2 };
let hub: HubServer;
let parent: string;

beforeEach(async () => {
  hub = await startHub({ repo: REPO, files: FILES });
  parent = mkdtempSync(join(tmpdir(), "parley-hub-"));
});
afterEach(async () => {
  await hub.close();
  rmSync(parent, { recursive: true });
});

const download = (more: Partial<DownloadModelOptions> = {}) =>
  downloadModel({
    ...{ hub: huggingFace({ url: hub.url }), repo: REPO, parent, signal, retry },
    preferred: ["model.onnx", "model_q4.onnx"],
    ...more,
  });
const there = (path: string) => readFileSync(join(parent, "tiny-chat", path));

describe.each([
  ["Hugging Face's protocol", huggingFace],
  ["ModelScope's protocol", modelScope],
])("by %s", (_, toHub) => {
  test("the texts and one graph with its weights arrive, and what they are is written down", async () => {
    const seen: number[] = [];
    const { folder, model, wasThere } = await download({
      hub: toHub({ url: hub.url }),
      onProgress: ({ bytes: so_far, bytesTotal }) => seen.push(so_far / bytesTotal),
    });
    expect(wasThere).toBe(false);
    expect(folder).toBe(join(parent, "tiny-chat"));
    expect(model.files.map(({ path }) => path).sort()).toEqual([...TAKEN, "tokenizer.json"]);
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
    expect(existsSync(join(folder, "model.safetensors"))).toBe(false);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const [local] = await listLocalModels(parent);
    expect(local).toMatchObject({ name: "tiny-chat", record: { repo: REPO } });
    expect(local!.bytes).toBeGreaterThan(90_000);
    expect(await verifyModel(local!, signal)).toEqual([]);
    // Nothing of it is fetched again.
    const before = hub.asked.length;
    expect((await download({ hub: toHub({ url: hub.url }) })).wasThere).toBe(true);
    expect(hub.asked).toHaveLength(before);
    await removeModel(local!);
    expect(await listLocalModels(parent)).toEqual([]);
  });

  test("a private model wants a token, which is written down nowhere", async () => {
    await hub.close();
    hub = await startHub({ repo: REPO, files: FILES, token: "hf_secret" });
    const error = await download({ hub: toHub({ url: hub.url }) }).catch((it: unknown) => it);
    expect(error).toMatchObject({
      ...{ code: "unauthenticated", message: expect.stringContaining("token") },
    });
    const wrong = download({ hub: toHub({ url: hub.url, token: "no" }) });
    await expect(wrong).rejects.toMatchObject({ code: "forbidden" });
    const right = await download({ hub: toHub({ url: hub.url, token: "hf_secret" }) });
    expect(right.wasThere).toBe(false);
    expect(
      JSON.stringify(readFileSync(join(right.folder, ".parley-model.json"), "utf8")),
    ).not.toContain("hf_secret");
  });

  test("what is not there is told", async () => {
    const missing = download({ hub: toHub({ url: hub.url }), repo: "maker/nothing" });
    await expect(missing).rejects.toMatchObject({ code: "not-found" });
    const nobody = download({ hub: toHub({ url: "http://127.0.0.1:9" }) });
    await expect(nobody).rejects.toMatchObject({
      message: expect.stringContaining("cannot be reached"),
    });
  });
});

describe("on the way", () => {
  test("broken connections are gone on from, byte for byte", async () => {
    hub.faults = { cutAfterBytes: 7_000 };
    await download();
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
    const ranges = hub.asked.filter((it) => it.path === "onnx/model.onnx").map((it) => it.range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges[1]).toBe("bytes=7000-");
    expect(ranges).toHaveLength(9);
  });

  test("a connection that breaks is made again", async () => {
    hub.faults = { breaks: 5 };
    await download();
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("a hub without ranges begins anew, and one that fails now and then is asked again", async () => {
    hub.faults = { failures: 4, hasNoRanges: true };
    await download();
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("one that never gets further is given up, and the next run goes on", async () => {
    hub.faults = { failures: 1_000 };
    await expect(download()).rejects.toThrow(/could not be brought in 6 attempts/);
    expect(existsSync(join(parent, "tiny-chat"))).toBe(false);
    hub.faults = { cutAfterBytes: 7_000 };
    const stop = new AbortController();
    const stopped = download({
      signal: stop.signal,
      onProgress: (it) => it.bytes > 20_000 && stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    hub.faults = {};
    hub.asked.length = 0;
    await download();
    const again = hub.asked.filter((it) => it.path.startsWith("onnx/"));
    expect(again.some((it) => it.range !== undefined)).toBe(true);
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("other bytes than promised never become a model", async () => {
    hub.faults = { isDamaged: true };
    await expect(download()).rejects.toThrow(/other bytes than the hub promises/);
    expect(existsSync(join(parent, "tiny-chat"))).toBe(false);
    // A file of many gigabytes is not fetched six times to be told so.
    expect(hub.asked.filter(({ path }) => path === "config.json").length).toBeLessThanOrEqual(2);
  });
});

test("a worker takes what is there without a word to the hub, and brings what is not", async () => {
  const options = {
    ...{ hub: huggingFace({ url: hub.url }), repo: REPO, parent, signal, retry },
    preferred: ["model.onnx"],
  };
  const folder = await ensureModel(options);
  await hub.close();
  expect(await ensureModel(options)).toBe(folder);
  expect(await ensureModel({ ...options, revision: "main", weights: "model.onnx" })).toBe(folder);
  await expect(ensureModel({ ...options, revision: "v2" })).rejects.toThrow("cannot be reached");
  hub = await startHub({ repo: REPO, files: FILES });
});

test("weights are chosen by name, and what there is not is told with what there is", async () => {
  const { model } = await download({ weights: "model_q4.onnx", name: "small" });
  expect(model.files.some(({ path }) => path === "onnx/model_q4.onnx")).toBe(true);
  expect(model.files.some(({ path }) => path === "onnx/model.onnx")).toBe(false);
  const none = download({ weights: "model_q2.onnx", name: "other" });
  await expect(none).rejects.toThrow(/no model_q2\.onnx; there is onnx\/model\.onnx/);
  await expect(download({ weights: "model.onnx", name: "small" })).rejects.toMatchObject({
    code: "conflict",
  });
  await expect(download({ revision: "v9" })).rejects.toMatchObject({ code: "not-found" });
});

test("a folder that somebody made is never written to", async () => {
  mkdirSync(join(parent, "tiny-chat"));
  writeFileSync(join(parent, "tiny-chat", "config.json"), "{}");
  await expect(download()).rejects.toThrow(/is there already/);
  const [local] = await listLocalModels(parent);
  expect(await verifyModel(local!, signal)).toBeUndefined();
});

test("damage on the disk is found by file", async () => {
  const { folder } = await download();
  writeFileSync(join(folder, "config.json"), '{"model_type":"TINY"}');
  writeFileSync(join(folder, "tokenizer.json"), "short");
  rmSync(join(folder, "README.md"));
  const [local] = await listLocalModels(parent);
  expect(new Set(await verifyModel(local!, signal))).toEqual(
    new Set([
      { path: "config.json", fault: "other-bytes" },
      { path: "tokenizer.json", fault: "other-size" },
      { path: "README.md", fault: "missing" },
    ]),
  );
});

test("no path of a hub's leads out of the folder", async () => {
  await hub.close();
  hub = await startHub({ repo: REPO, files: { ...FILES, "../evil.json": bytes(3) } });
  await expect(download()).rejects.toThrow(/lies outside/);
  expect(existsSync(join(parent, "evil.json"))).toBe(false);
});

test.each([
  ["maker/model", { repo: "maker/model" }],
  ["maker/model-1.5_b@v1.0", { repo: "maker/model-1.5_b", revision: "v1.0" }],
  ["model", undefined],
  ["a/b/c", undefined],
  ["../x", undefined],
  ["maker/..", undefined],
  ["maker/model@", undefined],
  ["https://x.example/maker/model", undefined],
])("the name %s", (word, expected) => {
  expect(parseHubName(word)).toEqual(expected);
});
