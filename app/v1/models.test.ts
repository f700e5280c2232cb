/**
 * Goal: OpenAI's and Anthropic's own clients list and find the models, each in its own shape, and nothing
 * that is asked for is passed over. Method: the official packages against the route handlers, with mock
 * workers behind them.
 */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const apiKey = "api-key-of-the-tests";
let api: ApiServer;
let openai: OpenAI;
let anthropic: Anthropic;
let names: string[];

beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ models: ["mock/echo", "mock/slow", "mock/context"] });
  openai = new OpenAI({ baseURL: `${api.url}/v1`, apiKey, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: api.url, apiKey, maxRetries: 0 });
  names = (await openai.models.list()).data.map(({ id }) => id);
});
afterAll(() => api.close());

const ask = (path: string, isForAnthropic = false) =>
  fetch(api.url + path, {
    headers: {
      "x-api-key": apiKey,
      ...(isForAnthropic && { "anthropic-version": "2023-06-01" }),
    },
  });

async function refusalOf(path: string, isForAnthropic = false) {
  const reply = await ask(path, isForAnthropic);
  expect(reply.status).toBe(400);
  return (await reply.json()) as Record<string, unknown>;
}

describe("Anthropic's client", () => {
  test("lists the same models in its own shape", async () => {
    const page = await anthropic.models.list();
    expect(names.length).toBeGreaterThan(3);
    expect(page.data.map(({ id }) => id)).toEqual(names);
    expect(page.has_more).toBe(false);
    expect(page.first_id).toBe(names[0]);
    expect(page.last_id).toBe(names.at(-1));
    for (const model of page.data) {
      expect(model).toMatchObject({ type: "model", display_name: model.id, capabilities: null });
      expect(new Date(model.created_at).toISOString()).toBe(model.created_at);
      expect(model.max_input_tokens).toBeGreaterThan(0);
    }
    const beta = await anthropic.beta.models.list();
    expect(beta.data.map(({ id }) => id)).toEqual(names);
  });

  test.each([1, 2, 3])("goes through pages of %d, on and back", async (limit) => {
    const seen: string[] = [];
    for await (const { id } of anthropic.models.list({ limit })) seen.push(id);
    expect(seen).toEqual(names);
    const last = names.at(-1) ?? "";
    const before = await anthropic.models.list({ limit, before_id: last });
    expect(before.data.map(({ id }) => id)).toEqual(names.slice(0, -1).slice(-limit));
    expect(before.has_more).toBe(names.length - 1 > limit);
    const pages: string[][] = [];
    for await (const page of (
      await anthropic.models.list({ limit, before_id: last })
    ).iterPages()) {
      pages.unshift(page.data.map(({ id }) => id));
    }
    expect(pages.flat()).toEqual(names.slice(0, -1));
  });

  test("finds one, by a name with a slash too", async () => {
    const found = await anthropic.models.retrieve("mock/echo");
    expect(found).toMatchObject({ type: "model", id: "mock/echo", display_name: "mock/echo" });
  });

  test("hears in its own shape what is wrong", async () => {
    const error = await anthropic.models.retrieve("none").catch((it: unknown) => it);
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(error).toMatchObject({ error: { type: "error", error: { type: "not_found_error" } } });
    const reply = await ask("/v1/models/none", true);
    expect(reply.headers.get("request-id")).toBe(reply.headers.get("x-request-id"));
    const cases = [
      ["limit=0", "limit", /whole number from 1 to 1000/],
      ["limit=x", "limit", /whole number/],
      ["after_id=none", "after_id", /no model that answers now/],
      ["before_id=mock/echo&after_id=mock/echo", "before_id", /contradicts/],
      ["limit=1&limit=2", "limit", /twice/],
      ["order=asc", "order", /Unknown parameter/],
    ] as const;
    for (const [query, param, message] of cases) {
      expect(await refusalOf(`/v1/models?${query}`, true)).toMatchObject({
        type: "error",
        error: { message: expect.stringMatching(message), details: { param } },
      });
    }
    await refusalOf("/v1/models/mock/echo?limit=1", true);
    const unknown = await fetch(`${api.url}/v1/models`, {
      headers: { "x-api-key": "wrong", "anthropic-version": "2023-06-01" },
    });
    expect(unknown.status).toBe(401);
    expect(await unknown.json()).toMatchObject({ error: { type: "authentication_error" } });
  });
});

test("each model says what it can be asked for, so that a program need not guess by its name", async () => {
  await api.addWorker({ models: ["mock/reader"] });
  const list = (await (await ask("/v1/models")).json()) as {
    data: { id: string; features: string[] }[];
  };
  const featuresOf = (id: string) => list.data.find((it) => it.id === id)?.features;
  expect(featuresOf("mock/echo")).toContain("chat");
  expect(featuresOf("mock/reader")).toContain("embeddings");
  expect(featuresOf("mock/reader")).not.toContain("chat");
  expect(featuresOf("auto")).toContain("chat");
});

test.each(["/v1/models?limit=1", "/v1/models/mock/echo?limit=1", "/tokenizer_info?limit=1"])(
  "GET %s is refused in OpenAI's words, naming what is not known",
  async (path) => {
    expect(await refusalOf(path)).toMatchObject({
      error: { param: "limit", message: expect.stringContaining("Unknown parameter `limit`") },
    });
  },
);
