/**
 * Goal: the official client finds every endpoint of the Responses API as it knows it, and what is stored
 * belongs to who made it.
 * Method: the official package against the route handlers over HTTP, with a real database, mock workers,
 * and one backend that plays a script.
 */
import OpenAI from "openai";
import type { Response as OpenAiResponse } from "openai/resources/responses/responses";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { startApiServer, type AddedWorker, type ApiServer } from "../__fixtures__/api-server";

let api: ApiServer;
let client: OpenAI;
let worker: AddedWorker;

beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker();
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "any", maxRetries: 0 });
});
afterAll(() => api.close());

test("a plain response, and the same again from the store", async () => {
  const made = await client.responses.create({ model: "mock/echo", input: "alpha beta gamma" });
  expect(made.output_text).toBe("alpha beta gamma");
  expect(made).toMatchObject({ status: "completed" });
  expect(await client.responses.retrieve(made.id)).toEqual(made);
});
