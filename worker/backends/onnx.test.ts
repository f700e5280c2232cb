import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeSyntheticModel } from "@/lib/engine/synthetic/write-synthetic-model";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import type { Backend } from "../backend";
import { backendContract } from "../backend-contract";
import { createOnnxBackend, type OnnxBackendOptions } from "./onnx";

const ROOT = join(import.meta.dirname, "../..");
/** Written by the test run's set-up (scripts/bundle.mjs). */
const THREAD = new URL("../../dist/engine-thread.mjs", import.meta.url);
const never = new AbortController().signal;

const create = (models: string[], changes: Partial<OnnxBackendOptions> = {}) =>
  createOnnxBackend({
    modelFolders: models.map((model) => join(ROOT, "models", model)),
    threads: 1,
    slots: 4,
    threadUrl: THREAD,
    ...changes,
  });

const ask = (model: string, changes: Partial<GenerateRequest> = {}): GenerateRequest => ({
  requestId: "onnx-test",
  model,
  messages: [textMessage("user", "Tell me a story about a robot and a lantern.")],
  sampling: {},
  stop: [],
  maxTokens: 24,
  ...changes,
});

async function read(backend: Backend, request: GenerateRequest): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  for await (const event of backend.generate(request, never)) events.push(event);
  return events;
}

const textOf = (events: GenerateEvent[]) =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

backendContract("onnx", async () => ({
  backend: await create(["pico-s"]),
  model: "pico-s",
  prompt: "Tell me a story about a robot and a lantern.",
}));

describe("two models in one worker", () => {
  let backend: Backend | undefined;
  afterAll(() => backend?.close());

  test("answer at the same time, each its own text, with the card of its folder", async () => {
    backend = await create(["pico-s", "pico-m"]);
    const { models, kind, slots } = backend.card();
    expect({ kind, slots }).toEqual({ kind: "onnx", slots: 4 });
    expect(models.map((it) => it.name)).toEqual(["pico-s", "pico-m"]);
    expect(new Set(models.map((it) => it.build)).size).toBe(2);
    for (const { features, description } of models) {
      const abilities = [
        ...["chat", "embeddings", "grammar", "log-probabilities", "resume", "tokenize", "tools"],
      ];
      expect(features.toSorted()).toEqual(abilities);
      expect(description).toMatchObject({ licence: "apache-2.0", weightForm: "fp32" });
      expect(description.examplePrompts.length).toBeGreaterThan(3);
    }
    const greedy = { sampling: { temperature: 0 } };
    const alone = [
      textOf(await read(backend, ask("pico-s", greedy))),
      textOf(await read(backend, ask("pico-m", greedy))),
    ];
    const together = await Promise.all([
      read(backend, ask("pico-s", greedy)),
      read(backend, ask("pico-m", greedy)),
    ]);
    expect(together.map(textOf)).toEqual(alone);
    expect(alone[0]).not.toBe(alone[1]);
  });

  test("an abort of a call rejects with its reason", async () => {
    const abort = new AbortController();
    abort.abort(new Error("gone"));
    await expect(backend?.tokenize({ model: "pico-s", text: "x" }, abort.signal)).rejects.toThrow(
      "gone",
    );
  });
});

describe("folders", () => {
  const folders: string[] = [];
  const copy = async (name: string) => {
    const parent = await mkdtemp(join(tmpdir(), "parley-models-"));
    folders.push(parent);
    const folder = join(parent, name);
    await cp(join(ROOT, "models/pico-s"), folder, { recursive: true });
    return folder;
  };
  afterAll(() => Promise.all(folders.map((it) => rm(it, { recursive: true }))));

  test("that cannot be served stop the start, by the name of their file", async () => {
    const folder = await copy("cut-short");
    await writeFile(join(folder, "onnx/model.onnx"), "not a graph");
    const start = create([], { modelFolders: [join(ROOT, "models/pico-s"), folder] });
    await expect(start).rejects.toMatchObject({
      name: "StartError",
      message: expect.stringContaining(join(folder, "onnx/model.onnx")),
      remedy: expect.stringContaining("Copy the file again"),
    });
  });

  test("of the same name are refused", async () => {
    const modelFolders = [join(ROOT, "models/pico-s"), await copy("pico-s")];
    await expect(create([], { modelFolders })).rejects.toThrow(
      /Two model folders are named pico-s/,
    );
  });

  test("without a card, and with a broken one, are served all the same", async () => {
    const bare = await copy("bare");
    await rm(join(bare, "README.md"));
    const broken = await copy("broken");
    await writeFile(join(broken, "README.md"), "---\nlicense: [\n---\nText.\n");
    const backend = await create([], { modelFolders: [bare, broken] });
    for (const { description } of backend.card().models) {
      expect(description).toEqual({
        ...{ weightForm: "fp32", skills: [], examplePrompts: [] },
        tokenizerBuild: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    }
    expect(textOf(await read(backend, ask("bare")))).not.toBe("");
    await backend.close();
  });
});

describe("how a model is loaded", () => {
  const folders: string[] = [];
  const makeFolder = async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-load-"));
    folders.push(folder);
    return folder;
  };
  afterAll(() => Promise.all(folders.map((it) => rm(it, { recursive: true }))));

  test("a shorter context than the model's is what card and requests go by", async () => {
    const graphCacheFolder = await makeFolder();
    const backend = await create(["pico-s"], { contextLengthMax: 48, graphCacheFolder });
    expect(backend.card().models[0]?.contextLength).toBe(48);
    const text = { model: "pico-s", text: "x" };
    expect((await backend.tokenize(text, never)).contextLength).toBe(48);
    const long = [textMessage("user", "word ".repeat(60))];
    await expect(read(backend, ask("pico-s", { messages: long }))).rejects.toMatchObject({
      code: "context-length-exceeded",
      message: expect.stringContaining("48"),
    });
    // What was prepared for serving is where it was asked for.
    expect(await readdir(graphCacheFolder)).not.toEqual([]);
    await backend.close();
  });

  test.each([
    [{ contextLengthMax: 1_000_000 }, /context of 1000000 tokens/, /--max-model-len/],
    [{ kvDtype: "float16" as const }, /cannot be float16/, /--kv-dtype/],
  ])("%j is refused with what to do", async (changes, message, remedy) => {
    await expect(create(["pico-s"], changes)).rejects.toMatchObject({
      name: "StartError",
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
  });

  test("a form whose answers depend on who else is served runs when asked for, and says so", async () => {
    const folder = join(await makeFolder(), "varying");
    await writeSyntheticModel({ folder, form: "int8-dynamic" });
    const modelFolders = [folder];
    await expect(create([], { modelFolders })).rejects.toMatchObject({
      name: "StartError",
      remedy: expect.stringContaining("--allow-batch-variance"),
    });
    const backend = await create([], { modelFolders, mayVaryWithBatch: true });
    expect(backend.card().models[0]?.description.isBatchInvariant).toBe(false);
    await backend.close();
  });

  test("requests steer the draw, and a token that is none is refused by name", async () => {
    const backend = await create(["pico-s"]);
    const greedy = { temperature: 0 };
    const ids = (events: GenerateEvent[]) =>
      events.flatMap((it) => (it.type === "token-log-probability" ? [it.id] : []));
    const scored = { sampling: greedy, logProbabilityCount: 0, maxTokens: 4, ignoreEos: true };
    const [first = -1, ...rest] = ids(await read(backend, ask("pico-s", scored)));
    expect(rest).toHaveLength(3);
    const sampling = { ...greedy, logitBias: { [first]: -100 } };
    const biased = ids(await read(backend, ask("pico-s", { ...scored, sampling })));
    expect(biased[0]).not.toBe(first);
    const stopped = await read(backend, ask("pico-s", { ...scored, stopTokenIds: [first] }));
    expect(stopped.at(-1)).toMatchObject({ finishReason: "stop", usage: { completionTokens: 1 } });
    const unknown = { sampling: { logitBias: { "999999999": 1 } } };
    await expect(read(backend, ask("pico-s", unknown))).rejects.toMatchObject({
      code: "invalid-request",
      param: "sampling.logitBias",
    });
    const prompt = await read(backend, ask("pico-s", { reportPrompt: true }));
    const [start] = prompt;
    const reported = prompt.flatMap((it) =>
      it.type === "prompt-tokens" ? it.tokens.flatMap((token) => token.logProbability ?? []) : [],
    );
    expect(start).toMatchObject({ promptTokens: reported.length + 1 });
    await backend.close();
  });

  test("a prompt that was just read is not read again, which the usage tells", async () => {
    const backend = await create(["pico-s"]);
    // Long, since prefixes are handed on in chunks.
    const messages = [textMessage("user", "Tell me of a robot and a lantern. ".repeat(30))];
    const usageOf = async () => {
      const end = (await read(backend, ask("pico-s", { messages }))).at(-1);
      return end?.type === "generation-end" ? end.usage : undefined;
    };
    const first = await usageOf();
    expect(first?.cachedPromptTokens).toBe(0);
    const second = await usageOf();
    expect(second?.cachedPromptTokens).toBeGreaterThan(0);
    expect(second?.cachedPromptTokens).toBeLessThan(second?.promptTokens ?? 0);
    await backend.close();
  });
});

test("a thread that dies fails what it ran and what comes after, and tells its owner once", async () => {
  const deaths: Error[] = [];
  const backend = await create(["dying"], {
    threadUrl: new URL("./__fixtures__/dying-thread.mjs", import.meta.url),
    onThreadDeath: (cause) => deaths.push(cause),
  });
  // Four were asked for; the thread has memory for three.
  expect(backend.card().slots).toBe(3);
  const seen: string[] = [];
  const run = async () => {
    for await (const event of backend.generate(ask("dying"), never)) seen.push(event.type);
  };
  await expect(run()).rejects.toMatchObject({ code: "worker-lost", retryable: true });
  // What a thread said last may be lost with it, but nothing follows.
  expect(seen.filter((type) => type !== "generation-start")).toEqual([]);
  await expect(run()).rejects.toMatchObject({ code: "worker-lost" });
  await backend.close();
  expect(deaths.map((it) => it.message)).toEqual(["out of memory, say"]);
});

test("tokens of a long text are made in turns with other requests, and are those of the whole", async () => {
  const backend = await create(["pico-s"]);
  const order: string[] = [];
  const count = async (text: string, name: string) => {
    const { ids } = await backend.tokenize({ model: "pico-s", text }, never);
    order.push(name);
    return ids.length;
  };
  const sentence = "A robot and a lantern, in the rain. ";
  const [long, short] = await Promise.all([
    count(sentence.repeat(25_000), "long"),
    count(sentence.repeat(2), "short"),
  ]);
  const [once, twice] = [await count(sentence, ""), short];
  expect(order.slice(0, 2)).toEqual(["short", "long"]);
  expect(long).toBe(once + (twice - once) * 24_999);
  await backend.close();
});
