/**
 * Goal: what the document says is what the routes do. Method: its table of operations is compared with
 * the routes and with what their handlers were made with.
 */
import { describe, expect, test } from "vitest";
import type { RouteHandler } from "@/lib/http/route";
import { routeOptions } from "@/lib/http/route";
import { toOpenApiDocument } from "@/lib/openapi/document";
import { OPERATIONS } from "@/lib/openapi/operations";
import { HOT_ROUTES } from "@/server-routes";
import { GET } from "./openapi.json/route";

const IS_API = /^\/(v1|tokenize|detokenize|tokenizer_info|api\/v1)(\/|$)/;
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** `METHOD /path/{id}` → the handler that answers it. */
const answered = new Map<string, RouteHandler>();
for (const [path, module] of Object.entries(HOT_ROUTES)) {
  if (!IS_API.test(path) || path === "/v1/[[...rest]]") continue;
  for (const method of METHODS) {
    const handler = (module as Record<string, RouteHandler | undefined>)[method];
    // What refuses a method is no route of its own.
    if (!handler || !routeOptions(handler)) continue;
    answered.set(`${method} ${path.replace(/\[(?:\.\.\.)?(\w+)\]/g, "{$1}")}`, handler);
  }
}

test("every route of the API is told, and none that is not there", () => {
  const told = OPERATIONS.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect(told.toSorted()).toEqual([...answered.keys()].toSorted());
});

describe.each(OPERATIONS)("$id", (operation) => {
  const key = `${operation.method.toUpperCase()} ${operation.path}`;

  test("parses by the schema that is told, and lets in who is told", () => {
    const handler = answered.get(key);
    const options = handler && routeOptions(handler);
    expect(options?.body).toBe(operation.request?.schema);
    expect(options?.shape).toBe(operation.shape);
    const isOpen = operation.scope === "none";
    expect(options?.caller).toBe(isOpen ? "anyone" : "api");
    if (!isOpen) expect(options?.scope ?? "generate").toBe(operation.scope);
  });
});

describe("GET /v1/openapi.json", () => {
  const ask = (headers?: HeadersInit) =>
    GET(new Request("http://x/v1/openapi.json", headers && { headers }));

  test("is the document, for anyone", async () => {
    const reply = await ask();
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(await reply.json()).toEqual(JSON.parse(JSON.stringify(toOpenApiDocument())));
  });

  test("is sent once to who keeps it", async () => {
    const etag = (await ask()).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const reply = await ask({ "if-none-match": known });
      expect(reply.status, known).toBe(304);
      expect(await reply.text()).toBe("");
    }
    expect((await ask({ "if-none-match": '"other"' })).status).toBe(200);
  });
});
