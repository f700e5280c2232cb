/** Goal: an answer that is made once is sent once, and small to who unpacks it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { lightRequest } from "./light-request";
import { taggedReply, toTagged } from "./tagged-reply";

const LONG = toTagged(Array.from({ length: 400 }, (_, index) => ({ model: `model-${index}` })));
const SHORT = toTagged({ model: "one" });
const ask = (headers: Record<string, string>) => {
  const incoming = { method: "GET", url: "/x", headers: { host: "parley.test", ...headers } };
  return lightRequest(incoming as IncomingMessage, {} as ServerResponse);
};

test("a long answer goes out packed, the same bytes to all, and under a name of its own", async () => {
  const packed = await taggedReply(ask({ "accept-encoding": "gzip, br" }), LONG);
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(packed.headers.get("vary")).toBe("accept-encoding");
  const bytes = Buffer.from(await packed.arrayBuffer());
  expect(bytes.length).toBeLessThan(LONG.json.length / 4);
  expect(gunzipSync(bytes).toString()).toBe(LONG.json);
  const again = await taggedReply(ask({ "accept-encoding": "gzip" }), LONG);
  expect(Buffer.from(await again.arrayBuffer())).toEqual(bytes);
  const plain = await taggedReply(ask({}), LONG);
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(plain.headers.get("etag")).not.toBe(packed.headers.get("etag"));
  expect(await plain.text()).toBe(LONG.json);
});

test("a short answer stays as it is", async () => {
  const reply = await taggedReply(ask({ "accept-encoding": "gzip" }), SHORT);
  expect(reply.headers.get("content-encoding")).toBeNull();
  expect(await reply.json()).toEqual({ model: "one" });
});

test("who names either form is not sent it again", async () => {
  const { headers } = await taggedReply(ask({ "accept-encoding": "gzip" }), LONG);
  for (const name of [headers.get("etag") ?? "", LONG.tag, `"x", W/${LONG.tag}`, "*"]) {
    const reply = await taggedReply(ask({ "if-none-match": name }), LONG);
    expect([name, reply.status]).toEqual([name, 304]);
  }
  expect((await taggedReply(ask({ "if-none-match": '"x"' }), LONG)).status).toBe(200);
});

test("behind Next it goes out as it is, since Next would take the word for its form off it", async () => {
  const request = new Request("http://parley.test/x", { headers: { "accept-encoding": "gzip" } });
  const reply = await taggedReply(request, LONG);
  expect(reply.headers.has("content-encoding")).toBe(false);
  expect(await reply.text()).toBe(LONG.json);
});
