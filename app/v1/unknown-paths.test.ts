/** Goal: a path of the API that is none says so in its clients' words and what there is, and never in HTML. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { OPERATIONS } from "@/lib/openapi/operations";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

test.each([
  ["GET", "/v1/engines", "POST /v1/responses"],
  ["POST", "/v1", "POST /v1/moderations"],
  ["POST", "/v1/chat", "POST /v1/chat/completions"],
  ["GET", "/tokenize/x", "POST /tokenize;"],
  ["POST", "/tokenize/x/y", "POST /tokenize;"],
  ["DELETE", "/detokenize/x", "POST /detokenize;"],
  ["GET", "/tokenizer_info/x?a=b", "GET /tokenizer_info;"],
  ["GET", "/api/v1/models", "POST /api/v1/token_check;"],
])("%s %s", async (method, path, known) => {
  const reply = await fetch(api.url + path, { method });
  expect(reply.status).toBe(404);
  expect(reply.headers.get("content-type")).toContain("application/json");
  const { error } = (await reply.json()) as { error: { message: string; type: string } };
  expect(error.type).toBe("invalid_request_error");
  expect(error.message).toContain(`There is no ${method} ${path.split("?")[0]} here.`);
  expect(error.message).toContain(known);
  expect(error.message).toContain("/v1/openapi.json");
});

test("all that there is under /v1 is named", async () => {
  const reply = await fetch(`${api.url}/v1/nothing`);
  const { error } = (await reply.json()) as { error: { message: string } };
  for (const { method, path } of OPERATIONS) {
    if (!path.startsWith("/v1/") || path.includes("{")) continue;
    expect(error.message).toContain(`${method.toUpperCase()} ${path}`);
  }
});

test("under /v1/messages the words are Anthropic's", async () => {
  const reply = await fetch(`${api.url}/v1/messages/batches`);
  expect(reply.status).toBe(404);
  expect(await reply.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
});
