/** Goal: what a worker asks of servers behind it takes the proxy of its network. Method: a name that only a proxy knows. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type ProxyServer, startProxy } from "@/lib/stand-ins/proxy-server";
import { askUpstream } from "./upstream-client";

const server = createServer((request, response) => {
  const told = { "x-asked": request.url ?? "", "x-key": request.headers.authorization ?? "" };
  response.writeHead(200, told).end("words");
});
let proxy: ProxyServer;
const { signal } = new AbortController();

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  proxy = await startProxy({ hosts: { "provider.example": port }, credentials: "me:secret" });
  vi.stubEnv("HTTP_PROXY", proxy.url.replace("//", "//me:secret@"));
  vi.stubEnv("HTTPS_PROXY", proxy.url.replace("//", "//me:secret@"));
  vi.stubEnv("NO_PROXY", "");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("an answer comes through it, and one on this machine without it", async () => {
  const headers = { authorization: "Bearer key" };
  const reply = await askUpstream("http://provider.example/v1/models", { headers, signal });
  expect(reply.headers.get("x-asked")).toBe("/v1/models");
  expect(reply.headers.get("x-key")).toBe("Bearer key");
  expect(Buffer.from((await reply.read()) ?? []).toString()).toBe("words");
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const near = await askUpstream(`http://127.0.0.1:${port}/near`, { headers, signal });
  expect(near.headers.get("x-asked")).toBe("/near");
  near.cancel();
  expect(proxy.asked.map(({ line }) => line)).toEqual(["GET http://provider.example/v1/models"]);
});

test("what the proxy refuses is an error that holds no password", async () => {
  const refused = askUpstream("https://unknown.example/v1", { signal });
  await expect(refused).rejects.toThrow(/Proxy response \(403\)/);
  const error: unknown = await refused.catch((it: unknown) => it);
  expect(String(error instanceof Error && error.stack)).not.toContain("secret");
});
