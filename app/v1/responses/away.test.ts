/**
 * Goal: without the database what is to be stored is refused before any work, and the rest goes on.
 * Method: the responses of this process over a server that is not there, everything else as it is.
 */
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { type OpenDatabase, openDatabase } from "@/lib/db/client";
import { Responses } from "@/lib/responses/responses";
import { processSingleton } from "@/lib/util/process-singleton";
import { type ApiServer, startApiServer } from "../__fixtures__/api-server";
import { createScriptedBackend, say } from "../__fixtures__/scripted-backend";

let api: ApiServer;
let away: OpenDatabase;
const model = "test/scripted";
const { backend, seen } = createScriptedBackend(model, () => ({ steps: [say("here")] }));
let client: OpenAI;

beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ backend });
  away = openDatabase("postgres://postgres@localhost/x?host=%2Fno%2Fsuch%2Ffolder");
  const { controller } = api;
  processSingleton("responses", () => new Responses({ db: away.db, controller }));
  const baseURL = `${api.url}/v1`;
  client = new OpenAI({ baseURL, apiKey: "api-key-of-the-tests", maxRetries: 0 });
});
afterAll(async () => {
  await away.close();
  await api.close();
});

test("a response that is to be stored is refused, streamed or in the background, too", async () => {
  for (const more of [{}, { stream: true as const }, { background: true }]) {
    const create = client.responses.create({ model, input: "x", ...more });
    await expect(create).rejects.toMatchObject({ status: 503, code: "unavailable" });
  }
  expect(seen).toHaveLength(0);
});

test("one that is not stored is answered, streamed, too", async () => {
  const body = { model, input: "x", store: false };
  expect((await client.responses.create(body)).output_text).toBe("here");
  const streamed = await client.responses.stream(body).finalResponse();
  expect(streamed.output_text).toBe("here");
});

test("what is in the store cannot be had", async () => {
  const id = `resp_${"0".repeat(64)}`;
  await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 503 });
  const body = { model, input: "x", store: false, previous_response_id: id };
  await expect(client.responses.create(body)).rejects.toMatchObject({ status: 503 });
});
