/**
 * Goal: what an operator's hosts are asked takes the proxy that is set, and nothing else does. Method: a proxy on
 * loopback that knows names which the system does not, so that only who takes it arrives.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, type Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ProxyServer, startProxy } from "@/lib/stand-ins/proxy-server";
import { outboundDispatcher, takeOutboundProxy } from "./outbound-proxy";

let origin: Server;
let port: number;
let proxy: ProxyServer;
let before: Dispatcher;
const seen: (string | undefined)[] = [];

beforeEach(async () => {
  before = getGlobalDispatcher();
  seen.length = 0;
  origin = createServer((request, response) => {
    seen.push(request.headers["proxy-authorization"]);
    response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  // A TCP server that listens has an AddressInfo.
  ({ port } = origin.address() as AddressInfo);
  const hosts = { "hub.example": port, "api.inner.example": port, "10.1.2.3": port };
  proxy = await startProxy({ hosts, credentials: "me:pass word" });
});
afterEach(async () => {
  setGlobalDispatcher(before);
  await proxy.close();
  origin.closeAllConnections();
  await new Promise((resolve) => origin.close(resolve));
});

const withUser = () => proxy.url.replace("//", "//me:pass%20word@");
const take = (values: Record<string, string>) => takeOutboundProxy((name) => values[name]);
const read = async (url: string, init?: RequestInit) => await (await fetch(url, init)).text();

test("what is asked by http goes by the proxy, which alone is shown its password", async () => {
  expect(take({ HTTP_PROXY: withUser() })).toBe(true);
  expect(await read("http://hub.example/a?b=1", { method: "POST", body: "x" })).toBe("POST /a?b=1");
  expect(proxy.asked).toEqual([
    { line: "POST http://hub.example/a?b=1", credentials: "me:pass word" },
  ]);
  expect(seen).toEqual([undefined]);
});

test("what is asked by https goes through a tunnel that the proxy only names", async () => {
  take({ https_proxy: withUser(), HTTPS_PROXY: "http://127.0.0.1:9" });
  // The other end speaks no TLS: what matters is who was asked for it.
  await expect(fetch("https://hub.example/a")).rejects.toThrow("fetch failed");
  expect(proxy.asked).toEqual([{ line: "CONNECT hub.example:443", credentials: "me:pass word" }]);
});

test("this machine is asked without it", async () => {
  take({ HTTP_PROXY: withUser(), HTTPS_PROXY: withUser() });
  expect(await read(`http://127.0.0.1:${port}/`)).toBe("GET /");
  expect(await read(`http://localhost:${port}/`)).toBe("GET /");
  expect(proxy.asked).toEqual([]);
});

test("a client of its own, as those between web and workers, does not take it", async () => {
  take({ HTTP_PROXY: withUser() });
  const agent = new Agent();
  const init: RequestInit & { dispatcher: Dispatcher } = { dispatcher: agent };
  await expect(fetch("http://hub.example/", init)).rejects.toThrow("fetch failed");
  expect(proxy.asked).toEqual([]);
  await agent.close();
});

test("a client with settings of its own may take it", async () => {
  const values: Record<string, string> = { HTTP_PROXY: withUser() };
  const dispatcher = outboundDispatcher((name) => values[name], { headersTimeout: 5_000 });
  const init: RequestInit & { dispatcher: Dispatcher } = { dispatcher };
  expect(await read("http://hub.example/", init)).toBe("GET /");
  expect(proxy.asked).toHaveLength(1);
  await dispatcher.close();
  expect(outboundDispatcher(() => undefined)).toBeInstanceOf(Agent);
});

describe("NO_PROXY", () => {
  test.each([
    ["http://api.inner.example/", "inner.example", false],
    ["http://api.inner.example/", ".inner.example", false],
    ["http://api.inner.example/", "other.example, INNER.example", false],
    ["http://api.inner.example/", "inner.example:8080", true],
    ["http://10.1.2.3/", "10.0.0.0/8", false],
    ["http://10.1.2.3/", "10.1.2.3", false],
    ["http://10.1.2.3/", "192.168.0.0/16,fd00::/8", true],
    ["http://hub.example/", "inner.example", true],
  ])("asks %s where it says %j: by the proxy %s", async (url, direct, isProxied) => {
    take({ HTTP_PROXY: withUser(), NO_PROXY: direct });
    // Without the proxy there is no such host.
    await read(url, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
    expect(proxy.asked.length > 0).toBe(isProxied);
  });

  test("of a star is no proxy at all", () => {
    expect(take({ HTTP_PROXY: proxy.url, NO_PROXY: "*" })).toBe(false);
    expect(getGlobalDispatcher()).toBe(before);
  });
});

test("without one nothing changes", () => {
  expect(take({ NO_PROXY: "inner.example", HTTP_PROXY: "", https_proxy: " " })).toBe(false);
  expect(getGlobalDispatcher()).toBe(before);
});

test("a host alone is an address, and what is none is refused without being repeated", () => {
  expect(take({ HTTPS_PROXY: "proxy.example:3128" })).toBe(true);
  for (const word of ["ftp://me:hunter2@proxy", "http://me:hunter2@", "socks5://hunter2:1"]) {
    const attempt = () => take({ HTTPS_PROXY: word });
    expect(attempt).toThrow(/^HTTPS_PROXY holds no address/);
    expect(attempt).not.toThrow(/hunter2/);
  }
});
