/**
 * Goal: what a server says arrives whole and in its order, as soon as it is there, and who leaves closes the connection.
 * Method: servers of bare sockets and of Node's, which answer as each case has it.
 */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { UPSTREAM_UNREAD_BYTES_MAX } from "@/lib/upstream-limits";
import { askUpstream, type ByteSource, toByteStream, toUpstreamRequest } from "./upstream-client";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const { signal } = new AbortController();
const textOf = async (source: ByteSource) => {
  let text = "";
  for (let bytes = await source.read(); bytes; bytes = await source.read()) {
    text += Buffer.from(bytes).toString("utf8");
  }
  return text;
};

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What is done with each connection once something was asked over it. */
async function serveBytes(answer: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    closing.push(() => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", () => answer(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

test("says what it was told to say, and who it is", async () => {
  const url = await serve((request, response) => {
    const { method, url: path, headers } = request;
    request.setEncoding("utf8").on("data", (body) => {
      response.end(JSON.stringify({ method, path, headers, body }));
    });
  });
  const headers = { "content-type": "application/json", "x-key": "secret" };
  const reply = await askUpstream(`${url}/v1/chat?a=b`, {
    ...{ method: "POST", headers, body: '{"a":"ä"}', signal },
  });
  expect(reply.status).toBe(200);
  expect(JSON.parse(await textOf(reply))).toMatchObject({
    ...{ method: "POST", path: "/v1/chat?a=b", body: '{"a":"ä"}' },
    headers: {
      ...{ "content-type": "application/json", "x-key": "secret", "content-length": "10" },
      ...{ "accept-encoding": "identity", "user-agent": "Parley" },
    },
  });
});

test("what a library says in fetch's words is the same", () => {
  const headers = new Headers({ "X-Key": "secret" });
  expect(toUpstreamRequest({ method: "POST", headers, body: "{}" })).toEqual({
    ...{ method: "POST", headers: { "x-key": "secret" }, body: "{}" },
  });
  expect(toUpstreamRequest({})).toEqual({ method: "GET", headers: {} });
});

test("what came together is read at once, and what comes later is waited for", async () => {
  let connection: Socket | undefined;
  const url = await serveBytes((socket) => {
    connection = socket;
    socket.write(HEAD + chunk("one ") + chunk("two "));
  });
  const reply = await askUpstream(url, { signal });
  expect(Buffer.from((await reply.read()) ?? "").toString()).toBe("one two ");
  const next = reply.read();
  connection?.write(`${chunk("three")}0\r\n\r\n`);
  expect(Buffer.from((await next) ?? "").toString()).toBe("three");
  expect(await reply.read()).toBeUndefined();
  expect(await reply.read()).toBeUndefined();
});

test("an answer that is read slowly is not kept as a whole", async () => {
  const said = "x".repeat(64 * UPSTREAM_UNREAD_BYTES_MAX);
  let isWritten = false;
  const url = await serve((_, response) => {
    response.end(said, () => {
      isWritten = true;
    });
  });
  const reply = await askUpstream(url, { signal });
  let length = 0;
  let most = 0;
  for (let bytes = await reply.read(); bytes; bytes = await reply.read()) {
    length += bytes.length;
    most = Math.max(most, bytes.length);
    // The server has time to send all that is taken.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([length, isWritten]).toEqual([said.length, true]);
  // What was on its way when the connection was left alone comes on top.
  expect(most).toBeLessThanOrEqual(4 * UPSTREAM_UNREAD_BYTES_MAX);
});

test("a redirection is an answer like others, and a word in between is none", async () => {
  const away = await serve((_, response) => {
    response.writeHead(307, { location: "http://127.0.0.1:1/" }).end();
  });
  expect((await askUpstream(away, { signal })).status).toBe(307);
  const early = await serveBytes((socket) => {
    const hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    socket.write(`${hints}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`);
  });
  const reply = await askUpstream(early, { signal });
  expect([reply.status, await textOf(reply)]).toEqual([200, "ok"]);
});

test("an answer that came packed all the same is unpacked", async () => {
  const url = await serve((_, response) => {
    response.setHeader("content-encoding", "gzip").end(gzipSync("some words"));
  });
  const reply = await askUpstream(url, { signal });
  expect(reply.headers.get("content-encoding")).toBeNull();
  expect(await textOf(reply)).toBe("some words");
});

test.each(["before it was answered", "in the middle"])(
  "the signal's reason is told and the connection closed: %s",
  async (moment) => {
    let closed: Promise<unknown> | undefined;
    const url = await serveBytes((socket) => {
      closed = once(socket, "close");
      if (moment === "in the middle") socket.write(HEAD + chunk("one"));
      else abort.abort(reason);
    });
    const abort = new AbortController();
    const reason = new Error("somebody left");
    const asked = askUpstream(url, { signal: abort.signal });
    if (moment === "in the middle") {
      const reply = await asked;
      await reply.read();
      const next = reply.read();
      abort.abort(reason);
      await expect(next).rejects.toBe(reason);
      await expect(reply.read()).rejects.toBe(reason);
    } else await expect(asked).rejects.toBe(reason);
    await closed;
  },
);

test("nothing is asked for who has left already", async () => {
  const asked = askUpstream("http://127.0.0.1:1/", {
    signal: AbortSignal.abort(new Error("gone")),
  });
  await expect(asked).rejects.toThrow("gone");
});

test("who cancels closes the connection", async () => {
  let closed: Promise<unknown> | undefined;
  const url = await serveBytes((socket) => {
    closed = once(socket, "close");
    socket.write(HEAD + chunk("one"));
  });
  const reply = await askUpstream(url, { signal });
  reply.cancel();
  reply.cancel();
  await closed;
  await expect(reply.read()).rejects.toThrow("not wanted");
});

test("what came before a connection broke is read, then the break is told", async () => {
  const url = await serveBytes((socket) => socket.end(HEAD + chunk("one")));
  const reply = await askUpstream(url, { signal });
  expect(Buffer.from((await reply.read()) ?? "").toString()).toBe("one");
  await expect(reply.read()).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
  const refused = askUpstream("http://127.0.0.1:1/", { signal });
  await expect(refused).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const garbled = await serveBytes((socket) => socket.write("no HTTP at all\r\n\r\n"));
  await expect(askUpstream(garbled, { signal })).rejects.toMatchObject({
    name: "HTTPParserError",
  });
});

test("a connection is used again by the next request", async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end("ok");
  });
  for (let count = 0; count < 3; count++) {
    await textOf(await askUpstream(url, { signal }));
    // undici gives a server that closes in spite of its word a turn for it.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(ports.size).toBe(1);
});

test("as a stream it is read no sooner than it is asked for, and cancelled with it", async () => {
  const asked: string[] = [];
  const source: ByteSource = {
    read: async () => {
      asked.push("read");
      return Buffer.from("one");
    },
    cancel: () => void asked.push("cancel"),
  };
  const reader = toByteStream(source).getReader();
  expect(asked).toEqual([]);
  await reader.read();
  await reader.cancel();
  expect(asked).toEqual(["read", "cancel"]);
});
