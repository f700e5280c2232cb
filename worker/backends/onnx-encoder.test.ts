/**
 * Goal: what reads texts is served over HTTP like what writes them, and bad input is that request's alone.
 * Method: seeded encoders in threads of their own behind the worker's real server and client.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type SyntheticEncoderOptions,
  writeSyntheticEncoder,
} from "@/lib/engine/synthetic/write-synthetic-encoder";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { startTestWorker, TEST_SECRET, type TestWorker, testRequest } from "../server-testing";
import { createOnnxBackend } from "./onnx";

/** Built by the tests' set-up (scripts/test-bundles.ts). */
const THREAD = new URL("../../dist/engine-thread.mjs", import.meta.url);
const signal = new AbortController().signal;
const call = { secret: TEST_SECRET, signal };
const client = new WorkerClient();
let root = "";
let worker: TestWorker;
let backend: Awaited<ReturnType<typeof createOnnxBackend>>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-encoders-"));
  const write = async (name: string, options: Omit<SyntheticEncoderOptions, "folder">) =>
    (await writeSyntheticEncoder({ folder: join(root, name), ...options })).folder;
  const labels = ["calm", "glad", "cross"];
  const modelFolders = [
    await write("reader", {}),
    await write("judge", { head: { kind: "classifier", labelCount: 1 } }),
    await write("sorter", { head: { kind: "classifier", labelCount: 3 }, labels }),
  ];
  const graphCacheFolder = join(root, "cache");
  const options = { modelFolders, threads: 1, slots: 4, threadUrl: THREAD, graphCacheFolder };
  backend = await createOnnxBackend(options);
  worker = await startTestWorker({ backend });
}, 30_000);
afterAll(async () => {
  await client.close();
  await worker?.close();
  await backend?.close();
  await rm(root, { recursive: true });
});

const embed = (inputs: (string | number[])[], more: object = {}) =>
  client.embed(worker.address, { requestId: "r", model: "reader", inputs, ...more }, call);

describe("a worker with encoders", () => {
  test("offers what each can do, and no chat", () => {
    const offers = backend.card().models.map(({ name, features }) => [name, features]);
    expect(offers).toEqual([
      ["reader", ["embeddings", "tokenize"]],
      ["judge", ["rerank", "classify", "tokenize"]],
      ["sorter", ["classify", "tokenize"]],
    ]);
    for (const model of backend.card().models) {
      expect(model).toMatchObject({
        contextLength: 64,
        build: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    }
  });

  test("takes as many requests at once as was asked, or more than a default where they are free", async () => {
    expect(backend.card().slots).toBe(4);
    const options = { threads: 1, slots: 8, threadUrl: THREAD, mayRunFewerSlots: true };
    const own = await createOnnxBackend({ modelFolders: [join(root, "reader")], ...options });
    expect(own.card().slots).toBe(64);
    await own.close();
  });

  test("embeds texts and ids alike", async () => {
    const text = { model: "reader", text: "bace dimo fonu" };
    const { ids, contextLength } = await client.tokenize(worker.address, text, call);
    expect(contextLength).toBe(64);
    const reply = await embed(["bace dimo fonu", "ha", ids]);
    expect(reply.embeddings).toHaveLength(3);
    expect(reply.embeddings[2]).toEqual(reply.embeddings[0]);
    for (const vector of reply.embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    expect(reply.promptTokens).toBe(5 + 3 + 5);
    const { text: back } = await client.detokenize(worker.address, { model: "reader", ids }, call);
    expect(back).toBe("[CLS] bace dimo fonu [SEP]");
  });

  test("reranks and classifies", async () => {
    const documents = ["bace dimo", "ha ".repeat(100).trim(), "fonu"];
    const rerank = { requestId: "r", model: "judge", query: "bace", documents };
    const { scores, promptTokens } = await client.rerank(worker.address, rerank, call);
    expect(scores).toHaveLength(3);
    for (const score of scores) expect(score).toBeGreaterThan(0);
    expect(promptTokens).toBe(6 + 64 + 5);
    const classify = { requestId: "r", model: "sorter", inputs: ["bace", "dimo fonu"] };
    const { results } = await client.classify(worker.address, classify, call);
    expect(results.map((it) => it.map(({ label }) => label).sort())).toEqual([
      ["calm", "cross", "glad"],
      ["calm", "cross", "glad"],
    ]);
  });

  test.each([
    ["an empty text", [""], { code: "invalid-request", param: "inputs.0" }],
    ["no text", [], { code: "invalid-request", param: "inputs" }],
    ["no ids", [[]], { code: "invalid-request", param: "inputs.0" }],
    [
      "a long text",
      ["ba", "ba ".repeat(80)],
      { code: "context-length-exceeded", param: "inputs.1" },
    ],
    ["a strange id", [[1, 999_999]], { code: "invalid-request", param: "inputs.0" }],
  ])("%s is refused by name", async (_name, inputs, error) => {
    await expect(embed(inputs)).rejects.toMatchObject(error);
  });

  test("no documents, and a query that leaves no room, are refused by name", async () => {
    const base = { requestId: "r", model: "judge", query: "bace", documents: ["ha"] };
    const rerank = (changes: object) =>
      client.rerank(worker.address, { ...base, ...changes }, call);
    await expect(rerank({ documents: [] })).rejects.toMatchObject({ param: "documents" });
    await expect(rerank({ query: "" })).rejects.toMatchObject({ param: "query" });
    await expect(rerank({ query: "ba ".repeat(70) })).rejects.toMatchObject({
      ...{ code: "context-length-exceeded", param: "query" },
    });
  });

  test("what a model cannot do is said, and it goes on", async () => {
    const unsupported = { code: "not-supported", param: "model" };
    const rerank = { requestId: "r", model: "reader", query: "bace", documents: ["ha"] };
    await expect(client.rerank(worker.address, rerank, call)).rejects.toMatchObject(unsupported);
    await expect(embed(["ba"], { model: "judge" })).rejects.toMatchObject(unsupported);
    const events = await client.generate(worker.address, testRequest("reader"), call);
    const seen: GenerateEvent[] = [];
    for await (const event of events) seen.push(event);
    expect(seen).toMatchObject([{ type: "generation-error", code: "not-supported" }]);
    const messages = [textMessage("user", "x")];
    const tokenize = client.tokenize(worker.address, { model: "reader", messages }, call);
    await expect(tokenize).rejects.toMatchObject({ code: "not-supported", param: "messages" });
    expect((await embed(["ba"])).embeddings).toHaveLength(1);
  });

  test("a caller who leaves in the middle frees the worker", async () => {
    const abort = new AbortController();
    const inputs = Array.from({ length: 2_048 }, () => "bace ".repeat(60).trim());
    const request = { requestId: "r", model: "reader", inputs };
    const long = client.embed(worker.address, request, { ...call, signal: abort.signal });
    const settled = long.then(
      () => "done",
      (error: { code: string }) => error.code,
    );
    // It shares the passes: one text does not wait for two thousand.
    expect((await embed(["ba"])).embeddings).toHaveLength(1);
    abort.abort();
    expect(await settled).toBe("client-closed");
    await worker.whenIdle();
    expect((await embed(["ba"])).embeddings).toHaveLength(1);
  });
});
