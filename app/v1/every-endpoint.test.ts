/**
 * Goal: at every endpoint that takes a body, whatever is sent gets a documented status and body, nothing
 * is thrown or lost, and what the API's description says of requests and replies is so. Method: the
 * endpoints come from the description itself; each gets bodies that are none, and then each of its fields
 * in every wrong kind. ajv over the description says which of those have to be refused.
 */

import { join } from "node:path";
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
  process.env.PARLEY_MODERATION_MODEL = "mock/moderator";
});

import { HEARTBEAT_INTERVAL_MS } from "@/lib/fleet-limits";
import { TEXTS_BODY_BYTES_MAX } from "@/lib/limits";
import { toOpenApiDocument } from "@/lib/openapi/document";
import type { Operation } from "@/lib/openapi/operation";
import { OPERATIONS } from "@/lib/openapi/operations";
import type { SchemaObject } from "@/lib/openapi/request-schema";
import { usageLedger } from "@/lib/usage/ledger";
import { createOnnxBackend } from "@/worker/backends/onnx";
import { TEST_SECRET } from "@/worker/server-testing";
import { type AddedWorker, type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
let worker: AddedWorker;
beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker({ models: ["mock/echo", "mock/reader", "mock/moderator"] });
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(import.meta.dirname, "../../models/pico-s")], threads: 1, slots: 4 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  const writer = await api.addWorker({ backend });
  beats = setInterval(() => void Promise.all([worker, writer].map(beat)), HEARTBEAT_INTERVAL_MS);
});
afterAll(async () => {
  clearInterval(beats);
  await api.close();
});

/** These tests take longer than a worker may be silent. */
let beats: NodeJS.Timeout;
async function beat({ workerId, instanceId, server }: AddedWorker): Promise<void> {
  await fetch(`${api.url}/api/workers/${workerId}/heartbeat`, {
    method: "POST",
    headers: { authorization: `Bearer ${TEST_SECRET}`, "content-type": "application/json" },
    body: JSON.stringify({ instanceId, load: server.load() }),
  });
}

const AUTHORIZED = { authorization: "Bearer api-key-of-the-tests" };
const JSON_TYPE = { ...AUTHORIZED, "content-type": "application/json" };
const FEEDBACK_REQUEST_ID = "request-of-the-feedback";
const SECRET_TEXT = "words nobody should read again";

/** Examples name the model that every server knows; here each endpoint has one that answers it at once. */
const MODELS: Record<string, string> = {
  rerank: "mock/reader",
  classify: "mock/reader",
  createEmbeddings: "mock/reader",
  createCompletion: "pico-s",
  createFastchatCompletion: "pico-s",
};

type Body = Record<string, unknown>;
const POSTS = OPERATIONS.flatMap((operation) => {
  const { request } = operation;
  return request ? [{ ...operation, request, good: toGood(operation) }] : [];
});

function toGood({ id, request }: Operation): Body {
  const { model, ...example } = structuredClone(request?.example ?? {});
  if (id === "createFeedback") return { request_id: FEEDBACK_REQUEST_ID, score: "up" };
  if (id === "checkTokens") {
    return { prompts: [{ model: "mock/echo", prompt: "Hello", max_tokens: 64 }] };
  }
  const isLong = model !== undefined && MODELS[id] === "pico-s";
  const named = model === undefined ? {} : { model: MODELS[id] ?? "mock/echo" };
  // Of the mock's tokens, which are those of words it has seen.
  if (id === "detokenize") return { model: "pico-s", tokens: [5, 6, 7] };
  return { ...named, ...example, ...(isLong && { max_tokens: 1 }) };
}

/** Closed, so that fields of a real reply which the description does not have are found. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)]);
  const isObject = "properties" in schema && !("additionalProperties" in schema);
  return Object.fromEntries([...entries, ...(isObject ? [["additionalProperties", false]] : [])]);
}

const document = toOpenApiDocument() as {
  components: { schemas: Record<string, SchemaObject> };
};
const ajv = new Ajv2020({ strict: false });
const validators = new Map<string, ValidateFunction>();
function validatorOf(name: string, { isClosed = true } = {}): ValidateFunction {
  const schema = document.components.schemas[name];
  if (!schema) throw new Error(`the description has no ${name}`);
  const validate =
    validators.get(name) ?? ajv.compile(isClosed ? (closed(schema) as SchemaObject) : schema);
  validators.set(name, validate);
  return validate;
}

function expectFits(name: string, value: unknown): void {
  const validate = validatorOf(name);
  expect(validate(value) || validate.errors, `${name}: ${JSON.stringify(value)}`).toBe(true);
}

const errorName = ({ shape }: Operation) =>
  shape === "anthropic" ? "AnthropicError" : "OpenAiError";

function post(path: string, body: BodyInit, headers: Record<string, string> = JSON_TYPE) {
  return fetch(`${api.url}${path}`, {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
}

/** What is at fault, in either shape of error. */
function paramOf(error: { param?: string | null; details?: { param?: string } }): string | null {
  return error.param ?? error.details?.param ?? null;
}

async function expectRefusal(operation: Operation, reply: Response, status: number, place = "") {
  const text = await reply.text();
  expect(reply.status, `${place} ${text}`).toBe(status);
  const value = JSON.parse(text);
  expectFits(errorName(operation), value);
  expect(value.error.message).toMatch(/^[A-Z`].*\.$/s);
  expect(value.error.message.length).toBeLessThan(500);
  // Names and ids of the right form are said again.
  const isName = status === 404 || value.error.param === "previous_response_id";
  if (!isName) expect(text).not.toContain(SECRET_TEXT);
  return value.error as { message: string; param?: string | null; details?: { param?: string } };
}

/** Every place is free again, and good requests are answered as before. */
async function expectUnharmed({ path, reply, good }: (typeof POSTS)[number]): Promise<void> {
  const answer = await post(path, JSON.stringify(good));
  const value = await answer.json();
  expect(answer.status, JSON.stringify(value)).toBe(200);
  expectFits(reply.name, value);
  expect(answer.headers.get("x-request-id")).toBeTruthy();
  await worker.whenIdle();
  expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
  expect(api.controller.inFlight()).toBe(0);
  expect(usageLedger().readOpen()).toEqual([]);
}

beforeAll(async () => {
  const headers = { ...JSON_TYPE, "x-request-id": FEEDBACK_REQUEST_ID };
  const body = { model: "mock/echo", messages: [{ role: "user", content: "Hello" }] };
  expect((await post("/v1/chat/completions", JSON.stringify(body), headers)).status).toBe(200);
});

/** What stands in the place of each field. */
const ODD: readonly [name: string, json: string][] = [
  ["null", "null"],
  ["a text", JSON.stringify(SECRET_TEXT)],
  ["an empty text", '""'],
  ["half a surrogate pair", '"\\ud83d"'],
  ["a NUL", '"\\u0000"'],
  ["true", "true"],
  ["-1", "-1"],
  ["half", "0.5"],
  ["more than any number", "1e999"],
  ["more than any integer", "123456789012345678901234567890"],
  ["an empty list", "[]"],
  ["a list of null", "[null]"],
  ["an empty object", "{}"],
  ["an object with __proto__", '{"__proto__":{"isAdmin":true}}'],
  ["an object with constructor", '{"constructor":{"prototype":{"isAdmin":true}}}'],
];

/** Keys of that name are left out by whoever reads an object of any keys. */
function withoutProto(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, it) => (key === "__proto__" ? undefined : it)));
}

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
/** Before `more`, which is JSON text of fields. */
const withText = (good: Body, more: string) => `{${more},${JSON.stringify(good).slice(1)}`;

describe.each(POSTS)("$method $path", (operation) => {
  const { path, good, request, stream } = operation;

  test("answers as it is described", async () => {
    await expectUnharmed(operation);
    if (!stream) return;
    const reply = await post(path, JSON.stringify({ ...good, stream: true }));
    expect(reply.headers.get("content-type")).toContain("text/event-stream");
    const lines = (await reply.text()).split("\n").filter((line) => line.startsWith("data: "));
    const events = lines.map((line) => line.slice("data: ".length)).filter((it) => it !== "[DONE]");
    expect(events.length).toBeGreaterThan(1);
    for (const event of events) expectFits(stream.name, JSON.parse(event));
  });

  test.each<[name: string, body: string, status?: number]>([
    ["nothing", ""],
    ["half a body", JSON.stringify(good).slice(0, -2)],
    ["a body and a half", `${JSON.stringify(good)} {}`],
    ["NaN", withText(good, '"x":NaN')],
    ["Infinity", withText(good, '"x":-Infinity')],
    ["null", "null"],
    ["a list", "[]"],
    ["a list of bodies", `[${JSON.stringify(good)}]`],
    ["a text", JSON.stringify(SECRET_TEXT)],
    ["a number", "17"],
    ["no field", "{}"],
    ["a field of no meaning", JSON.stringify({ ...good, colour: SECRET_TEXT })],
    ["__proto__", withText(good, '"__proto__":{"isAdmin":true}')],
    ["constructor", withText(good, '"constructor":{"prototype":{"isAdmin":true}}')],
    ["toString", withText(good, '"toString":1')],
    ["100,000 levels alone", nested(100_000)],
    ["100,000 levels in a field of no meaning", withText(good, `"colour":${nested(100_000)}`)],
    ["half a million brackets", "[".repeat(500_000)],
    ["a byte order mark between", `{"model"\ufeff:"x"}`],
    ["20 MB", `{"colour":"${"x".repeat(20_000_000)}"}`, 413],
  ])("refuses %s", async (_, body, status = 400) => {
    await expectRefusal(operation, await post(path, body), status);
  });

  test("refuses what is not UTF-8 JSON by its type", async () => {
    const body = JSON.stringify(good);
    for (const type of ["text/plain", "application/xml", "application/json; charset=latin1"]) {
      const reply = await post(path, body, { ...AUTHORIZED, "content-type": type });
      await expectRefusal(operation, reply, 415);
    }
    const bytes = Buffer.from(withText(good, '"colour":"\u0001"'));
    bytes[bytes.indexOf(1)] = 0xff;
    await expectRefusal(operation, await post(path, bytes), 400);
  });

  test.runIf(path === "/v1/chat/completions")(
    "refuses a body without end once it is too large",
    async () => {
      let sent = 0;
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 65_536;
          if (sent > 8 * TEXTS_BODY_BYTES_MAX) controller.close();
          else controller.enqueue(new Uint8Array(65_536).fill(32));
        },
      });
      // The server may close the connection while the rest is still being sent; either way it has answered.
      const status = await post(path, endless as unknown as BodyInit).then(
        (reply) => reply.status,
        () => 413,
      );
      expect(status).toBe(413);
      expect(sent).toBeLessThan(4 * TEXTS_BODY_BYTES_MAX);
    },
  );

  test("takes the last of two equal fields, as JSON readers do", async () => {
    const [name = "", value] = Object.entries(good)[0] ?? [];
    const twice = withText(good, `${JSON.stringify(name)}:{"x":1}`);
    expect((await post(path, twice)).status).toBe(200);
    const last = JSON.stringify(good).slice(0, -1);
    const reply = await post(path, `${last},${JSON.stringify(name)}:[[{"x":1}]]}`);
    expect(value).toBeDefined();
    await expectRefusal(operation, reply, 400);
  });

  const schema = document.components.schemas[request.name];
  const fields = Object.keys(schema?.properties ?? {});
  // A form that is another endpoint's is tried there.
  test.skipIf(request.form)(
    `refuses or takes each of ${fields.length} fields in ${ODD.length} odd kinds, as described`,
    async () => {
      const isTold = validatorOf(request.name, { isClosed: false });
      for (const field of fields) {
        const { [field]: _, ...others } = good;
        const rest = JSON.stringify(others).slice(1, -1);
        const send = async ([name, json]: (typeof ODD)[number]) => {
          const body = `{${rest}${rest === "" ? "" : ","}"${field}":${json}}`;
          const reply = await post(path, body);
          const place = `${field}: ${name}`;
          const mustRefuse = !isTold(withoutProto(JSON.parse(body)));
          if (reply.status === 200) {
            await reply.arrayBuffer();
            expect(mustRefuse, `${place} is taken and described otherwise`).toBe(false);
            return;
          }
          // A name of the right form may be that of nothing, and is said again then.
          const isUnknown = !mustRefuse && reply.status === 404;
          const error = await expectRefusal(operation, reply, isUnknown ? 404 : 400, place);
          const param = paramOf(error);
          expect(param ?? "", `${place}: ${error.message}`).not.toBe("");
          if (!mustRefuse) return;
          expect(param?.split(".")[0], `${place}: ${error.message}`).toBe(field);
        };
        await Promise.all(ODD.map(send));
      }
      await expectUnharmed(operation);
    },
  );

  test.each([
    ["10,000 objects", `[${Array(10_000).fill("{}").join(",")}]`],
    ["100,000 levels", nested(100_000)],
  ])("takes or refuses %s in fields of each kind", async (_, json) => {
    // Every fourth: it is the reader of JSON and what walks over values that this is about.
    for (const field of fields.filter((_, index) => index % 4 === 0)) {
      const reply = await post(path, withText(good, `"${field}":0`).replace(/:0,/, `:${json},`));
      expect([200, 400]).toContain(reply.status);
      await reply.arrayBuffer();
    }
    await expectUnharmed(operation);
  });
});

test("nothing was added to any prototype", () => {
  expect(({} as Body).isAdmin).toBeUndefined();
  expect(([] as unknown as Body).isAdmin).toBeUndefined();
});

describe("a method", () => {
  const paths = [...new Set(OPERATIONS.map(({ path }) => path))];

  test.each(paths)("that %s does not have is 405, and says which it has", async (path) => {
    const own = OPERATIONS.filter((it) => it.path === path);
    const allowed = own.map(({ method }) => method.toUpperCase());
    const [operation] = own;
    if (!operation) throw new Error("a path has an operation");
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      if (allowed.includes(method)) continue;
      const reply = await fetch(`${api.url}${path.replace("{id}", "x")}`, { method });
      await expectRefusal(operation, reply, 405, method);
      expect(reply.headers.get("allow")?.split(", ").toSorted()).toEqual(allowed.toSorted());
    }
    const told = await fetch(`${api.url}${path.replace("{id}", "x")}`, { method: "OPTIONS" });
    const all = [...allowed, ...(allowed.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
    expect([told.status, told.headers.get("allow")]).toEqual([204, all.toSorted().join(", ")]);
  });

  test("of no meaning, and a path of none, are told in JSON", async () => {
    const unknown = await fetch(`${api.url}/v1/nothing/here`, { method: "POST", body: "{" });
    expect(unknown.status).toBe(404);
    const value = await unknown.json();
    expectFits("OpenAiError", value);
    expect(value.error.message).toContain("/v1/openapi.json");
    const anthropic = await fetch(`${api.url}/v1/messages/batches`);
    expect(anthropic.status).toBe(404);
    expectFits("AnthropicError", await anthropic.json());
  });
});

describe("paths and ids", () => {
  test.each([
    "/v1/responses/%00",
    "/v1/responses/..%2f..%2fetc",
    `/v1/responses/${"x".repeat(4_000)}`,
    "/v1/responses/resp___proto__",
    "/v1/responses/resp_x/input_items",
    `/v1/models/${"x".repeat(4_000)}`,
    "/v1/models/%00",
    "/v1/models/__proto__",
    "/v1/models/constructor/prototype",
  ])("GET %s is 404", async (path) => {
    const reply = await fetch(`${api.url}${path}`, { headers: AUTHORIZED });
    expect(reply.status).toBe(404);
    expectFits("OpenAiError", await reply.json());
  });

  test.each(OPERATIONS.filter(({ scope }) => scope !== "none"))(
    "$id needs a key, and no other will do",
    async (operation) => {
      const path = operation.path.replace("{id}", "x");
      for (const authorization of ["", "Bearer wrong", "Basic eDp5", "Bearer a b"]) {
        const headers = { "content-type": "application/json", authorization };
        const method = operation.method.toUpperCase();
        const init = { method, headers, ...(method === "POST" && { body: "{" }) };
        const reply = await fetch(`${api.url}${path}`, init);
        await expectRefusal(operation, reply, 401);
        expect(reply.headers.get("www-authenticate")).toContain("Bearer");
      }
    },
  );
});
