/** Goal: `*` opens answers to every page, and trusts none by name. Method: a real HTTP server and requests. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_CORS_ORIGINS = "*";
});

import { parseEnv } from "@/lib/env";
import { applyCors, isAllowedOrigin } from "./cors";

const server = createServer((incoming, outgoing) => {
  if (!applyCors(incoming, outgoing)) outgoing.writeHead(200, { "x-own": "1" }).end("answer");
});
let url: string;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("every page may read, by a header that is the same for all", async () => {
  const reply = await fetch(`${url}/v1/models`, { headers: { origin: "https://any.example" } });
  expect(reply.headers.get("access-control-allow-origin")).toBe("*");
  expect(reply.headers.get("x-own")).toBe("1");
  expect(reply.headers.has("vary")).toBe(false);
  expect(reply.headers.has("access-control-allow-credentials")).toBe(false);
  expect(isAllowedOrigin("https://any.example")).toBe(false);
});

test("an OPTIONS that is no browser's question is left to the route", async () => {
  const reply = await fetch(`${url}/v1/models`, { method: "OPTIONS" });
  expect(await reply.text()).toBe("answer");
});

test("the setting is read as browsers write origins, and refused where it is none", () => {
  const read = (text: string) => parseEnv({ PARLEY_CORS_ORIGINS: text }).PARLEY_CORS_ORIGINS;
  expect(read("https://a.example/, http://localhost:3001,")).toEqual([
    ...["https://a.example", "http://localhost:3001"],
  ]);
  expect(parseEnv({}).PARLEY_CORS_ORIGINS).toEqual([]);
  for (const wrong of ["a.example", "https://a.example/path", "https://*.example", "null"]) {
    expect(() => read(wrong)).toThrow(/PARLEY_CORS_ORIGINS: .* is no origin/);
  }
});
