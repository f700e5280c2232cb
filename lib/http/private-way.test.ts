import { networkInterfaces } from "node:os";
import { expect, onTestFinished, test, vi } from "vitest";
import { development } from "./development";

vi.hoisted(() => {
  process.env.PARLEY_KEY_NETWORKS = "10.0.0.0/8,fd00::/8";
  process.env.PARLEY_TRUSTED_PROXIES = "192.0.2.7";
  process.env.PARLEY_PUBLIC_URL = "https://parley.example";
});

import { isPrivateWay } from "./private-way";

/** As the front marks a request with the address at the other end of its connection. */
function from(peer: string | undefined, headers: Record<string, string> = {}): Request {
  const request = new Request("http://127.0.0.1:3000/api/workers/external-models", { headers });
  return Object.assign(request, { [Symbol.for("parley.request-peer")]: peer });
}

const own = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .map((it) => it.address);

test.each<[boolean, string, Request]>([
  [true, "this machine", from("127.0.0.1")],
  [true, "this machine, in IPv6", from("::1")],
  [true, "this machine, IPv4 as IPv6", from("::ffff:127.0.0.1")],
  [true, "this machine by an address of its own", from(own.at(-1))],
  [true, "a socket of this machine", from(undefined)],
  [true, "a network of the operator's", from("10.1.2.3")],
  [true, "the same in IPv6", from("fd00::7")],
  [false, "anywhere else", from("203.0.113.5")],
  [
    false,
    "anywhere else, with a word on https",
    from("203.0.113.5", { "x-forwarded-proto": "https" }),
  ],
  [
    false,
    "a stranger's proxy",
    from("203.0.113.5", { via: "1.1 x", "x-forwarded-proto": "https" }),
  ],
  [
    true,
    "https through a proxy here",
    from("127.0.0.1", { "x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https" }),
  ],
  [
    true,
    "https through a trusted proxy",
    from("192.0.2.7", { "x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https" }),
  ],
  [
    false,
    "http through a proxy here",
    from("127.0.0.1", { "x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "http" }),
  ],
  [
    false,
    "https to a proxy before a proxy that was asked by http",
    from("127.0.0.1", { "x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https, http" }),
  ],
  [
    false,
    "a proxy here that says http and nothing else",
    from("127.0.0.1", { "x-forwarded-proto": "http" }),
  ],
  [
    false,
    "a proxy here that says http in the standard's words",
    from("127.0.0.1", { forwarded: "for=203.0.113.5;proto=https, for=10.0.0.1;Proto=http" }),
  ],
  [
    true,
    "a proxy here that says https in the standard's words",
    from("127.0.0.1", { forwarded: 'for="[2001:db8::5]";proto="https"' }),
  ],
  [
    false,
    "a network's front, by http",
    from("127.0.0.1", { "cf-connecting-ip": "203.0.113.5", "x-forwarded-proto": "http" }),
  ],
  [true, "a proxy that says nothing, before a public https", from("127.0.0.1", { via: "1.1 x" })],
])("%s: %s", (expected, _way, request) => {
  expect(isPrivateWay(request)).toBe(expected);
});

test("in development, where Next stands between, the forwarded address decides", () => {
  development().isOn = true;
  onTestFinished(() => {
    development().isOn = false;
  });
  expect(isPrivateWay(from(undefined, { "x-forwarded-for": "::1" }))).toBe(true);
  expect(isPrivateWay(from(undefined, { "x-forwarded-for": "203.0.113.5" }))).toBe(false);
});
