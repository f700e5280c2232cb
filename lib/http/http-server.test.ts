/**
 * Goal: a client that drips its headers or body, sends too many of them, or no HTTP at all is told so and
 * holds neither a socket nor a request; others are answered meanwhile. Method: the real server and front
 * over real sockets, with its limits shortened.
 */
import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { createFront } from "./front";
import { createHttpServer, HTTP_LIMITS } from "./http-server";
import { jsonReply } from "./reply";
import { route } from "./route";

const LIMITS = { headersMsMax: 150, requestMsMax: 300, keepAliveMs: 5_000, checkIntervalMs: 25 };

let server: Server;
let port: number;
let ended = 0;
const echo = route({ shape: "openai", caller: "anyone", body: z.unknown() }, ({ body }) =>
  jsonReply(body),
);

beforeAll(async () => {
  const front = createFront({ "/v1/echo": { POST: echo } });
  server = createHttpServer(LIMITS);
  server.on("request", (incoming, outgoing) => {
    outgoing.once("close", () => ended++);
    if (!front(incoming, outgoing)) outgoing.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const HEAD = "POST /v1/echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

function open(): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

/** What the server says until it closes the socket. */
async function heard(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await once(socket, "close");
  return text;
}

/** One byte after the other until the server closes. */
function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(text[at++ % text.length] ?? " ");
  }, 20);
  socket.once("close", () => clearInterval(timer));
}

async function stillAnswers(): Promise<void> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: "[1]" };
  expect(await (await fetch(`http://127.0.0.1:${port}/v1/echo`, init)).json()).toEqual([1]);
}

function expectRefusal(text: string, status: number, says: RegExp): void {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/connection: close/i);
  const { error } = JSON.parse(body);
  expect(error).toMatchObject({ type: "invalid_request_error", param: null });
  expect(error.message).toMatch(says);
}

test("headers that drip are waited for no longer than they may take", async () => {
  const sockets = Array.from({ length: 20 }, open);
  for (const socket of sockets) {
    socket.write("POST /v1/echo HTTP/1.1\r\nhost: x\r\nx-slow: ");
    drip(socket, "a");
  }
  await stillAnswers();
  for (const text of await Promise.all(sockets.map(heard))) {
    expectRefusal(text, 408, /not whole in time/);
  }
  await stillAnswers();
});

test("a body that drips ends its request, which the handler hears of", async () => {
  const before = ended;
  const sockets = Array.from({ length: 20 }, open);
  for (const socket of sockets) {
    socket.write(`${HEAD}content-length: 1000000\r\n\r\n[`);
    drip(socket, "1,");
  }
  await stillAnswers();
  const texts = await Promise.all(sockets.map(heard));
  for (const text of texts) if (text !== "") expectRefusal(text, 408, /not whole in time/);
  // Those twenty and the one that was answered in between.
  await expect.poll(() => ended - before).toBe(21);
  await stillAnswers();
});

test("a chunked body that never ends is cut off as well", async () => {
  const socket = open();
  socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
  const timer = setInterval(() => socket.write("1\r\n \r\n"), 20);
  await heard(socket);
  clearInterval(timer);
  await stillAnswers();
});

test("a socket that says nothing is closed", async () => {
  const text = await heard(open());
  if (text !== "") expectRefusal(text, 408, /not whole in time/);
  await stillAnswers();
});

test.each([
  ["too large a header", `${HEAD}x-large: ${"a".repeat(40_000)}\r\n\r\n`, 431, /too large/],
  [
    "too many headers",
    `${HEAD}${Array.from({ length: 3_000 }, (_, at) => `x-${at}: ${at}`).join("\r\n")}\r\n\r\n`,
    431,
    /too large/,
  ],
  ["no HTTP", "hello, server\r\n\r\n", 400, /well-formed/],
  ["a TLS greeting", "\u0016\u0003\u0001\u0002\u0000\u0001", 400, /well-formed/],
  [
    "a line feed in a header",
    `${HEAD}x-request-id: a\nx: y\r\n\u0000: b\r\n\r\n`,
    400,
    /well-formed/,
  ],
  ["a NUL in a header", `${HEAD}x-request-id: a\u0000b\r\n\r\n`, 400, /well-formed/],
  [
    "a header split by a carriage return",
    `${HEAD}x-request-id: a\rb: c\r\n\r\n`,
    400,
    /well-formed/,
  ],
  ["two lengths", `${HEAD}content-length: 3\r\ncontent-length: 5\r\n\r\n[1]`, 400, /well-formed/],
  [
    "a length beside chunks",
    `${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    /well-formed/,
  ],
  ["a negative length", `${HEAD}content-length: -3\r\n\r\n[1]`, 400, /well-formed/],
  ["a chunk of no size", `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n`, 400, /well-formed/],
])("%s is refused in words", async (_, bytes, status, says) => {
  const socket = open();
  socket.write(bytes, "latin1");
  const text = await heard(socket);
  // A handler that waits for the rest of a body may say first that it broke off.
  if (!text.includes("broke off")) expectRefusal(text, status, says);
  await stillAnswers();
});

test("an id that could begin a header is not sent back", async () => {
  const socket = open();
  socket.end(
    `${HEAD}x-request-id: a%0d%0aset-cookie: b\r\ncontent-length: 3\r\nconnection: close\r\n\r\n[1]`,
  );
  const text = await heard(socket);
  expect(text).toMatch(/^HTTP\/1.1 200 /);
  expect(text.toLowerCase()).not.toContain("set-cookie");
  expect(text).toMatch(/x-request-id: [0-9a-f-]{36}\r\n/i);
});

test("the limits that hold in production are these", () => {
  expect(HTTP_LIMITS).toMatchObject({ headersMsMax: 10_000, requestMsMax: 30_000 });
  expect(createHttpServer()).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 });
});
