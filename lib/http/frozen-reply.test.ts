/** Goal: what never changes is sent once, small where it can be, and under the right name. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { frozenReply } from "./frozen-reply";
import { lightRequest } from "./light-request";

const hash = "ab".repeat(32);
const open = vi.fn(async (isPacked: boolean) => (isPacked ? "packed" : "plain"));
const ask = (headers: Record<string, string>, method = "GET", canPack = true) => {
  const incoming = { method, url: "/x", headers: { host: "parley.test", ...headers } };
  const request = lightRequest(incoming as IncomingMessage, {} as ServerResponse);
  return frozenReply(request, {
    ...{ hash, name: "votes.jsonl", contentType: "text/plain", canPack, open },
  });
};

test.each([
  ["gzip, deflate, br", true],
  ["br;q=1.0, GZIP;q=0.5", true],
  ["*", true],
  ["", false],
  ["gzip;q=0", false],
  ["identity, x-gzipped", false],
])("Accept-Encoding %j: packed is %s", async (accept, isPacked) => {
  const reply = await ask({ "accept-encoding": accept });
  expect(reply.headers.get("content-encoding")).toBe(isPacked ? "gzip" : null);
  expect(reply.headers.get("etag")).toBe(isPacked ? `"${hash}-gzip"` : `"${hash}"`);
  expect(reply.headers.get("vary")).toBe("accept-encoding");
  expect(reply.headers.get("cache-control")).toContain("immutable");
  expect(await reply.text()).toBe(isPacked ? "packed" : "plain");
});

test("who has it is not sent it again, and nothing is read for who asks for the head", async () => {
  open.mockClear();
  for (const name of [`"${hash}"`, `W/"${hash}"`, `"other", "${hash}-gzip"`, "*"]) {
    expect((await ask({ "if-none-match": name })).status).toBe(304);
  }
  const head = await ask({}, "HEAD");
  expect([head.status, head.headers.get("content-disposition")]).toEqual([
    ...[200, 'attachment; filename="votes.jsonl"'],
  ]);
  expect(open).not.toHaveBeenCalled();
  expect((await ask({ "if-none-match": '"other"' })).status).toBe(200);
  const plain = await ask({ "accept-encoding": "gzip" }, "GET", false);
  expect([plain.headers.get("content-encoding"), plain.headers.get("vary")]).toEqual([null, null]);
});
