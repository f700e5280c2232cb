/**
 * Goal: what the front answers is guarded as what Next answers is, and OPTIONS is answered wherever there is
 * a path. Method: a real server with the front alone, held to what next.config.ts tells Next; e2e/front.e2e.ts
 * asks both.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import config from "@/next.config";
import { createFront } from "./front";
import { methodNotAllowed } from "./not-allowed";
import { emptyReply, jsonReply } from "./reply";
import { route } from "./route";
import { serverSentEventsReply } from "./stream-reply";

const anyone = { shape: "openai", caller: "anyone" } as const;
const front = createFront({
  "/v1/json": { GET: route(anyone, () => jsonReply({})), POST: methodNotAllowed("GET") },
  "/v1/nothing": {
    POST: route(anyone, () => emptyReply()),
    DELETE: route(anyone, () => emptyReply()),
  },
  "/v1/events": {
    GET: route(anyone, () => serverSentEventsReply((async function* () {})())),
  },
  "/v1/foreign": { GET: async () => new Response("{}") },
});
const server = createServer((incoming, outgoing) => void front(incoming, outgoing));
let origin: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test.each([
  ["GET", "/v1/json", 200],
  ["HEAD", "/v1/json", 200],
  ["POST", "/v1/json", 405],
  ["POST", "/v1/nothing", 204],
  ["GET", "/v1/events", 200],
  ["GET", "/v1/foreign", 200],
  ["GET", "/v1/%E0%A4%A", 400],
  ["OPTIONS", "/v1/json", 204],
])("%s %s says of itself what Next would", async (method, path, status) => {
  const reply = await fetch(origin + path, { method });
  expect(reply.status).toBe(status);
  const [everywhere] = (await config.headers?.()) ?? [];
  expect(everywhere?.source).toBe("/:path*");
  expect(everywhere?.headers).toHaveLength(3);
  for (const { key, value } of everywhere?.headers ?? []) {
    expect([key, reply.headers.get(key)]).toEqual([key, value]);
  }
});

test.each([
  ["/v1/json", "GET, HEAD, OPTIONS"],
  ["/v1/nothing", "DELETE, OPTIONS, POST"],
])("OPTIONS names the methods of %s", async (path, allow) => {
  const reply = await fetch(origin + path, { method: "OPTIONS" });
  expect([reply.status, await reply.text()]).toEqual([204, ""]);
  expect(reply.headers.get("allow")).toBe(allow);
  expect(reply.headers.get("x-request-id")).toBeTruthy();
  // Without a setting a browser is told nothing that would let another site's page in.
  expect(reply.headers.get("access-control-allow-origin")).toBeNull();
});
