/**
 * Goal: who knows nothing of light requests, answers and headers finds the real things in them. Method: a
 * real server for requests, and answers read by each of their members.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { copyHeaders, lightHeaders, toNodeHeaders } from "./light-headers";
import { lightRequest } from "./light-request";
import { lightResponse } from "./light-response";
import { serverSentEventsReply } from "./stream-reply";
import { writeAnswer } from "./write-answer";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers by `handle`, written as the front does. */
async function serve(handle: (request: Request) => Promise<Response> | Response): Promise<string> {
  const server = createServer(async (incoming, outgoing) => {
    await writeAnswer(await handle(lightRequest(incoming, outgoing)), { incoming, outgoing });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function* letters() {
  yield "a";
  yield "b";
  await new Promise((resolve) => setImmediate(resolve));
  yield "c";
}
const LETTERS = "data: a\n\ndata: b\n\ndata: c\n\n";

describe("an answer", () => {
  test("of events is one stream, however often it is asked for", async () => {
    const reply = serverSentEventsReply(letters());
    expect(reply).toBeInstanceOf(Response);
    expect(reply.bodyUsed).toBe(false);
    expect(reply.body).toBe(reply.body);
    expect(await new Response(reply.body).text()).toBe(LETTERS);
  });

  test("of text is read by each of its members", async () => {
    const make = () => lightResponse('{"a":1}', { status: 201, headers: { "x-a": "b" } });
    expect(await make().json()).toEqual({ a: 1 });
    expect(await make().clone().text()).toBe('{"a":1}');
    expect(new Uint8Array(await make().arrayBuffer())).toHaveLength(7);
    expect([make().ok, make().status, make().headers.get("X-A")]).toEqual([true, 201, "b"]);
  });

  test("reaches a socket as it was made, a foreign one as well", async () => {
    const foreign = () => new Response("é", { status: 203, headers: { "content-type": "x/y" } });
    for (const [make, status, text] of [
      [() => serverSentEventsReply(letters()), 200, LETTERS],
      [() => lightResponse("é", { status: 418 }), 418, "é"],
      [() => lightResponse(null, { status: 204 }), 204, ""],
      [() => lightResponse(null, { status: 404 }), 404, ""],
      [foreign, 203, "é"],
    ] as const) {
      const url = await serve(make);
      const reply = await fetch(url);
      expect([reply.status, await reply.text()]).toEqual([status, text]);
      const head = await fetch(url, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([status, ""]);
    }
  });
});

describe("events that are ready together", () => {
  test("leave in one write, and the first waits for no other", async () => {
    let go = () => {};
    async function* paced() {
      yield "first";
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      yield* ["second", "third", "fourth"];
    }
    const url = await serve(() => serverSentEventsReply(paced()));
    const reader = (await fetch(url)).body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toBe("data: first\n\n");
    go();
    expect(await read()).toBe("data: second\n\ndata: third\n\ndata: fourth\n\n");
  });

  test("are not made far ahead of a reader who takes nothing", async () => {
    let made = 0;
    async function* endless() {
      for (;;) {
        made += 1;
        yield "x".repeat(10_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const url = await serve(() => serverSentEventsReply(endless()));
    const reply = await fetch(url);
    let before = -1;
    const stands = () => {
      const isSame = made === before;
      before = made;
      expect(isSame).toBe(true);
    };
    await vi.waitFor(stands, { interval: 100, timeout: 10_000 });
    // What the buffers of two sockets hold, which the system decides.
    expect(made).toBeLessThan(2_000);
    await reply.body?.cancel();
  });
});

describe("a request", () => {
  test("has the members of a real one", async () => {
    const url = await serve(async (request) => {
      expect(request).toBeInstanceOf(Request);
      const { method, url, headers } = request;
      const text = await request.clone().text();
      expect(await request.text()).toBe(text);
      return Response.json({ method, path: new URL(url).pathname, type: headers.get("x-a"), text });
    });
    const reply = await fetch(`${url}/p?q=1`, {
      method: "PUT",
      body: "é",
      headers: { "X-A": "b" },
    });
    expect(await reply.json()).toEqual({ method: "PUT", path: "/p", type: "b", text: "é" });
  });
});

test("headers are the same, light and real", () => {
  const light = lightHeaders({ "x-a": "1" });
  light.set("X-B", "2");
  expect([light.get("x-b"), light.has("X-A"), light.get("toString")]).toEqual(["2", true, null]);
  light.append("set-cookie", "a=1");
  light.append("set-cookie", "b=2");
  expect(light.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect([...new Headers(light).keys()]).toEqual(["set-cookie", "set-cookie", "x-a", "x-b"]);
  expect(toNodeHeaders(light)).toEqual({ "x-a": "1", "x-b": "2", "set-cookie": ["a=1", "b=2"] });
  const copy = copyHeaders(light);
  copy.set("x-a", "3");
  expect([copy.get("x-a"), light.get("x-a")]).toEqual(["3", "1"]);
  expect(copyHeaders([["A", "b"]]).get("a")).toBe("b");
});
