import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
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
      expect(features).toEqual(["chat", "embeddings", "tokenize"]);
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
      expect(description).toEqual({ weightForm: "fp32", skills: [], examplePrompts: [] });
    }
    expect(textOf(await read(backend, ask("bare")))).not.toBe("");
    await backend.close();
  });
});

test("a thread that dies fails what it ran and what comes after, and tells its owner once", async () => {
  const deaths: Error[] = [];
  const backend = await create(["dying"], {
    threadUrl: new URL("./__fixtures__/dying-thread.mjs", import.meta.url),
    onThreadDeath: (cause) => deaths.push(cause),
  });
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
