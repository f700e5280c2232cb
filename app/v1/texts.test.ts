/**
 * Goal: programs get vectors and rankings as OpenAI's client, Cohere and Jina give them.
 * Method: the official package and plain requests against the route handlers over HTTP, with workers
 * behind them whose answers can be told from each other.
 */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { AppError } from "@/lib/errors";
import { TEXT_LENGTH_MAX, TEXTS_A_CALL_MAX } from "@/lib/limits";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
let client: OpenAI;
/** How many texts each call had. */
const calls: number[] = [];

beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ backend: readingBackend() });
  client = new OpenAI({
    baseURL: `${api.url}/v1`,
    apiKey: "api-key-of-the-tests",
    maxRetries: 0,
  });
});
afterAll(() => api.close());

const lengthOf = (text: string | readonly number[]) => text.length;

/** A vector says how long its text is; a document scores the share of the query's letters in it. */
function readingBackend(): Backend {
  const mock = createMockBackend({ models: ["mock/echo"], slots: 4 });
  return {
    ...mock,
    card() {
      const card = mock.card();
      const [model] = card.models;
      const features = [["embeddings"], ["rerank"]] as const;
      const models = ["test/embedder", "test/reranker"].map((name, index) => {
        return { ...model!, name, features: [...features[index]!] };
      });
      return { ...card, models };
    },
    async embed({ inputs }) {
      calls.push(inputs.length);
      const refused = inputs.indexOf("refuse me");
      if (refused >= 0) {
        const param = `inputs.${refused}`;
        throw new AppError("context-length-exceeded", { message: "It is too long.", param });
      }
      const embeddings = inputs.map((it) => [lengthOf(it), 0.5]);
      return { embeddings, promptTokens: inputs.reduce((sum, it) => sum + lengthOf(it), 0) };
    },
    async rerank({ query, documents }) {
      calls.push(documents.length);
      const scores = documents.map(
        (it) => [...query].filter((letter) => it.includes(letter)).length / query.length,
      );
      return { scores, promptTokens: documents.length };
    },
  };
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${api.url}${path}`, {
    method: "POST",
    headers: {
      authorization: "Bearer api-key-of-the-tests",
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
}

test("a model that reads has to be named", async () => {
  for (const [path, texts] of [
    ["/v1/embeddings", { input: ["a"] }],
    ["/v1/rerank", { query: "a", documents: ["b"] }],
    ["/v1/classify", { input: ["a"] }],
    ["/detokenize", { tokens: [1] }],
  ] as const) {
    const reply = await post(path, { model: "auto", ...texts });
    expect(reply.status, path).toBe(400);
    expect((await reply.json()).error, path).toMatchObject({ param: "model" });
  }
  expect(calls).toEqual([]);
});

describe("embeddings", () => {
  const model = "test/embedder";

  test("of a text, texts, tokens and lists of tokens, as the client reads them", async () => {
    // The client asks for base64 by itself and turns it into numbers.
    const one = await client.embeddings.create({ model, input: "four" });
    expect(one).toMatchObject({
      ...{ object: "list", model, usage: { prompt_tokens: 4, total_tokens: 4 } },
      data: [{ object: "embedding", index: 0, embedding: [4, 0.5] }],
    });
    const lengths = async (input: OpenAI.EmbeddingCreateParams["input"]) => {
      const { data } = await client.embeddings.create({ model, input, encoding_format: "float" });
      return data.map((it) => it.embedding[0]);
    };
    expect(await lengths(["a", "bb"])).toEqual([1, 2]);
    expect(await lengths([5, 6, 7])).toEqual([3]);
    expect(await lengths([[5], [6, 7]])).toEqual([1, 2]);
  });

  test("of a text that no worker's body could hold are refused by its place", async () => {
    calls.length = 0;
    for (const input of [
      ["a", "x".repeat(TEXT_LENGTH_MAX + 1)],
      [[1], Array(TEXT_LENGTH_MAX + 1).fill(7)],
    ]) {
      const reply = await post("/v1/embeddings", { model, input });
      expect(reply.status).toBe(400);
      const { error } = (await reply.json()) as { error: unknown };
      expect(error).toMatchObject({ code: "context_length_exceeded", param: "input.1" });
    }
    expect(calls).toEqual([]);
  });

  test("of many texts go in several calls and come back in order", async () => {
    calls.length = 0;
    const input = Array.from({ length: 2 * TEXTS_A_CALL_MAX + 5 }, (_, i) => "x".repeat(i + 1));
    const { data } = await client.embeddings.create({ model, input });
    expect(data.map((it) => it.embedding[0])).toEqual(input.map(lengthOf));
    expect(data.map((it) => it.index)).toEqual([...input.keys()]);
    expect(calls.toSorted((a, b) => a - b)).toEqual([5, TEXTS_A_CALL_MAX, TEXTS_A_CALL_MAX]);
    expect(api.controller.inFlight()).toBe(0);
  });

  test("name the text at fault by its place in the request", async () => {
    const input = Array.from({ length: 100 }, (_, index) => (index === 77 ? "refuse me" : "ok"));
    const error = await client.embeddings.create({ model, input }).catch((it: unknown) => it);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: "context_length_exceeded", param: "input.77" });
    expect(api.controller.inFlight()).toBe(0);
  });

  test("too many at once are refused with the number", async () => {
    const input = Array.from({ length: 2_049 }, () => "a");
    const reply = await post("/v1/embeddings", { model, input });
    expect(reply.status).toBe(400);
    const { error } = (await reply.json()) as { error: { param: string; message: string } };
    expect(error.param).toBe("input");
    expect(error.message).toContain("at most 2048");
  });

  test.each<[param: string, body: Record<string, unknown>, code: string | null]>([
    ["input", {}, null],
    ["input", { input: "" }, null],
    ["input", { input: [] }, null],
    ["input.1", { input: ["a", ""] }, null],
    ["input.0", { input: [-1] }, null],
    ["input.0", { input: [[]] }, null],
    ["encoding_format", { input: "a", encoding_format: "hex" }, null],
    ["dimensions", { input: "a", dimensions: 64 }, "unsupported_parameter"],
    ["model", { input: "a", model: "test/reranker" }, "unsupported_parameter"],
    ["nonsense", { input: "a", nonsense: 1 }, null],
  ])("%s is refused by name: %j", async (param, body, code) => {
    const reply = await post("/v1/embeddings", { model, ...body });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { param, code } });
  });
});

describe("rerank", () => {
  const model = "test/reranker";
  const documents = ["nothing", { text: "abc" }, "ab"];

  test("puts the best first and names each by its place", async () => {
    const reply = await post("/v1/rerank", { model, query: "abc", documents });
    expect(await reply.json()).toMatchObject({
      model,
      results: [
        { index: 1, relevance_score: 1 },
        { index: 2, relevance_score: 2 / 3 },
        { index: 0, relevance_score: 0 },
      ],
      usage: { total_tokens: 3 },
    });
    const top = { model, query: "abc", documents, top_n: 1, return_documents: true };
    expect(await (await post("/v1/rerank", top)).json()).toMatchObject({
      results: [{ index: 1, document: { text: "abc" } }],
    });
  });

  test.each<[param: string, body: Record<string, unknown>]>([
    ["query", { query: "" }],
    ["documents", { documents: [] }],
    ["documents.1", { documents: ["a", ""] }],
    ["top_n", { top_n: 0 }],
    ["model", { model: "test/embedder" }],
  ])("%s is refused by name: %j", async (param, body) => {
    const reply = await post("/v1/rerank", { model, query: "q", documents: ["d"], ...body });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { param } });
  });

  test.each(["max_tokens_per_doc", "max_chunks_per_doc", "rank_fields"])(
    "%s is refused with what to do, and null says nothing",
    async (param) => {
      const base = { model, query: "q", documents: ["d"] };
      const reply = await post("/v1/rerank", { ...base, [param]: 1 });
      expect(reply.status).toBe(400);
      expect(await reply.json()).toMatchObject({ error: { param, code: "unsupported_parameter" } });
      expect((await post("/v1/rerank", { ...base, [param]: null })).status).toBe(200);
    },
  );

  test("GET says what to use", async () => {
    for (const path of ["/v1/rerank", "/v1/embeddings"]) {
      const reply = await fetch(`${api.url}${path}`);
      expect([reply.status, reply.headers.get("allow")]).toEqual([405, "POST"]);
    }
  });
});
