import { expect, onTestFinished, test } from "vitest";
import { development } from "./development";
import { isLocalRequest } from "./local-request";

const isLocal = (headers: Record<string, string>) =>
  isLocalRequest(new Request("http://127.0.0.1:3000/v1/models", { headers }));

test.each<[boolean, string, Record<string, string>]>([
  [true, "a program here", { host: "127.0.0.1:3000" }],
  [true, "a program here by name", { host: "localhost:3000" }],
  [
    true,
    "a program here, through Next alone",
    { host: "localhost:3000", "x-forwarded-for": "::1", "x-forwarded-host": "localhost:3000" },
  ],
  [true, "an IPv4 address as IPv6", { host: "localhost", "x-forwarded-for": "::ffff:127.0.0.1" }],
  [false, "another name for this machine", { host: "evil.example" }],
  [false, "a stranger behind a proxy", { host: "localhost", "x-forwarded-for": "203.0.113.5" }],
  [
    false,
    "a stranger who writes an address of ours first",
    { host: "localhost", "x-forwarded-for": "127.0.0.1, 203.0.113.5" },
  ],
  [false, "an empty address", { host: "localhost", "x-forwarded-for": "127.0.0.1," }],
  [
    false,
    "a proxy for another name",
    { host: "127.0.0.1:3000", "x-forwarded-host": "parley.example" },
  ],
  [false, "a proxy's own mark", { host: "localhost", via: "1.1 proxy" }],
  [false, "a proxy's other mark", { host: "localhost", "x-real-ip": "127.0.0.1" }],
])("in development, %s: %s", (expected, _name, headers) => {
  development().isOn = true;
  onTestFinished(() => {
    development().isOn = false;
  });
  expect(isLocal(headers)).toBe(expected);
});

test("elsewhere any address that was forwarded is a proxy's", () => {
  const host = "localhost:3000";
  expect(isLocal({ host })).toBe(true);
  for (const trace of [
    ...["x-forwarded-for", "x-forwarded-host", "forwarded", "via", "x-real-ip"],
    ...["x-forwarded-proto", "x-forwarded-port", "x-forwarded-server", "cf-connecting-ip"],
  ]) {
    expect(isLocal({ host, [trace]: "127.0.0.1" }), trace).toBe(false);
  }
  expect(isLocal({ host, "x-forwarded-host": host })).toBe(false);
  expect(isLocal({ host: "evil.example" })).toBe(false);
});
