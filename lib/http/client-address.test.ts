/**
 * Goal: nobody writes their own address. Method: requests over real sockets, and chains as proxies write
 * them; in development the server adds the connection's address as the last hop.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
});

import { hashNetwork } from "@/lib/auth/network";
import { parseRange } from "@/lib/util/ip-address";
import { clientAddress } from "./client-address";
import { development } from "./development";
import { createFront } from "./front";
import { jsonReply } from "./reply";
import { route } from "./route";

const ranges = (...blocks: string[]) => blocks.flatMap((block) => parseRange(block) ?? []);
const own = { shape: "parley", caller: "anyone" } as const;
const front = createFront({
  "/api/network": { GET: route(own, ({ network }) => jsonReply({ network })) },
  "/api/behind": {
    GET: route(own, ({ request }) =>
      jsonReply({ address: clientAddress(request, ranges("127.0.0.0/8", "10.0.0.0/8")) }),
    ),
  },
});
const server = createServer((incoming, outgoing) => void front(incoming, outgoing));
let origin: string;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const ask = async (path: string, headers: Record<string, string> = {}) =>
  (await fetch(origin + path, { headers })).json();

test("a header of a stranger changes nothing: the connection's own network counts, and only its hash is told", async () => {
  const here = { network: hashNetwork("127.0.0.9") };
  expect(await ask("/api/network")).toEqual(here);
  for (const name of ["x-forwarded-for", "x-real-ip", "forwarded", "x-client-ip"]) {
    expect(await ask("/api/network", { [name]: "203.0.113.5" })).toEqual(here);
  }
  expect(here.network).toMatch(/^[\w-]{22}$/);
  expect(hashNetwork("127.0.1.9")).not.toBe(here.network);
  expect(hashNetwork(undefined)).toBe(hashNetwork("unknown"));
});

test.each([
  ["203.0.113.5", "203.0.113.5"],
  ["a stranger's: 198.51.100.1, 203.0.113.5", "203.0.113.5"],
  ["127.0.0.1, 203.0.113.5, 10.1.2.3", "203.0.113.5"],
  ["203.0.113.5:4711", "203.0.113.5"],
  ["[2001:db8::5]:4711, 10.0.0.1", "2001:db8::5"],
  // A proxy that does not know: its own address stands for what is behind it.
  ["203.0.113.5, unknown, 10.0.0.1", "10.0.0.1"],
  ["unknown", "127.0.0.1"],
  ["", "127.0.0.1"],
  ["10.0.0.7, 10.0.0.1", "10.0.0.7"],
])("behind proxies of ours %j is %s", async (chain, address) => {
  expect(await ask("/api/behind", { "x-forwarded-for": chain })).toEqual({ address });
});

test("a chain of any length is read in bounded time, from its end", async () => {
  const chain = `${"203.0.113.5,".repeat(500)}10.0.0.1`;
  expect(await ask("/api/behind", { "x-forwarded-for": chain })).toEqual({
    address: "203.0.113.5",
  });
});

test("in development the last hop is the connection's", () => {
  development().isOn = true;
  onTestFinished(() => {
    development().isOn = false;
  });
  const behindNext = (chain: string, ...blocks: string[]) =>
    clientAddress(
      new Request("http://localhost/", { headers: { "x-forwarded-for": chain } }),
      ranges(...blocks),
    );
  expect(behindNext("203.0.113.5, 127.0.0.1")).toBe("127.0.0.1");
  expect(behindNext("203.0.113.5, 127.0.0.1", "127.0.0.0/8")).toBe("203.0.113.5");
});
