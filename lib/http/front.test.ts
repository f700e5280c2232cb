/**
 * Goal: a handler behind the front sees what it would see behind Next, and a client never gets an answer
 * without a readable body. Method: a real HTTP server and real sockets.
 */
import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createFront } from "./front";
import { methodNotAllowed } from "./not-allowed";
import { serverSentEventsReply } from "./stream-reply";

let origin: string;
let port: number;
let aborted: Promise<unknown>;
const flow = { next: () => {} };
/** Streams of /v1/events and of /v1/pumped that began, whose clients were heard to leave, that were closed. */
const streams = { begun: 0, left: 0, closed: 0 };

async function* eventsForEver() {
  try {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      yield { text: "x".repeat(1_000) };
    }
  } finally {
    streams.closed += 1;
  }
}

function begin(request: Request): void {
  streams.begun += 1;
  request.signal.addEventListener("abort", () => {
    streams.left += 1;
  });
}

const server = createServer((incoming, outgoing) => {
  if (!front(incoming, outgoing)) outgoing.writeHead(299).end("next");
});

const front = createFront({
  "/v1/models": { GET: () => Response.json({ all: true }), dynamic: "force-dynamic" },
  "/v1/models/[...id]": {
    GET: async (_: Request, context: { params: Promise<unknown> }) =>
      Response.json(await context.params),
  },
  "/v1/label/[id]/[[...rest]]": {
    GET: (_: Request, { label }: { label?: string }) => new Response(label),
  },
  "/v1/echo": {
    GET: methodNotAllowed("POST"),
    POST: async (request: Request) => new Response(await request.text()),
  },
  "/v1/stream": {
    GET: (request: Request) => {
      aborted = new Promise((settle) => {
        request.signal.addEventListener("abort", () => settle("aborted"));
      });
      const body = new ReadableStream({
        start(controller) {
          const encode = (text: string) => controller.enqueue(new TextEncoder().encode(text));
          encode("one ");
          flow.next = () => encode("two");
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
  },
  "/v1/events": {
    GET: (request: Request) => {
      begin(request);
      return serverSentEventsReply(eventsForEver());
    },
  },
  "/v1/pumped": {
    GET: (request: Request) => {
      begin(request);
      const pull = (controller: ReadableStreamDefaultController) =>
        controller.enqueue(new Uint8Array(1_000));
      const cancel = () => {
        streams.closed += 1;
      };
      return new Response(new ReadableStream({ pull, cancel }));
    },
  },
  "/v1/[[...rest]]": { GET: () => Response.json({ rest: true }, { status: 404 }) },
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  origin = `http://127.0.0.1:${port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What a client gets that writes its own bytes. */
async function raw(bytes: string): Promise<{ status: number; body: string }> {
  const socket = connect(port, "127.0.0.1");
  socket.end(bytes);
  let text = "";
  for await (const chunk of socket) text += chunk;
  const [head = "", body = ""] = text.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), body };
}

test("the most particular path answers, with its parameters decoded", async () => {
  expect(await (await fetch(`${origin}/v1/models/`)).json()).toEqual({ all: true });
  expect(await (await fetch(`${origin}/v1/models/a%20b/c?x=1`)).json()).toEqual({
    id: ["a b", "c"],
  });
  expect((await fetch(`${origin}/v1`)).status).toBe(404);
  expect((await fetch(`${origin}/v1/other/thing`)).status).toBe(404);
});

test("a handler hears its route by the table's words, and no fragment makes a path of its own", async () => {
  for (const path of ["/v1/label/a/b/c", "/v1/label/%41%2f/b", "/v1/label/label"]) {
    expect(await (await fetch(origin + path)).text()).toBe("/v1/label/:id/:rest");
  }
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /v1/models/a#b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  const [reply] = await once(socket, "data");
  socket.destroy();
  expect(String(reply)).toMatch(/^HTTP\/1.1 400 /);
});

test("everything else is left to Next", async () => {
  expect((await fetch(`${origin}/v1x`)).status).toBe(299);
  expect((await fetch(`${origin}/`)).status).toBe(299);
});

test("bodies arrive whole", async () => {
  const body = "é".repeat(200_000);
  const response = await fetch(`${origin}/v1/echo`, { method: "POST", body });
  expect(await response.text()).toBe(body);
});

test("a HEAD is answered like a GET, and other methods with a sentence", async () => {
  expect((await fetch(`${origin}/v1/models`, { method: "HEAD" })).status).toBe(200);
  const response = await fetch(`${origin}/v1/models`, { method: "DELETE" });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toContain("GET");
  expect((await response.json()).error.message).toContain("DELETE");
});

test("what a path has is told without the methods that it refuses itself", async () => {
  for (const method of ["GET", "HEAD", "DELETE"]) {
    const response = await fetch(`${origin}/v1/echo`, { method });
    expect([method, response.status]).toEqual([method, 405]);
    expect([method, response.headers.get("allow")]).toEqual([method, "POST"]);
  }
});

test("chunks leave as they come, and the handler hears of a client that goes", async () => {
  const leaving = request(`${origin}/v1/stream`).end();
  const [response] = await once(leaving, "response");
  const [first] = await once(response, "data");
  expect(String(first)).toBe("one ");
  flow.next();
  const [second] = await once(response, "data");
  expect(String(second)).toBe("two");
  // The reset of one's own socket is an error of that socket.
  leaving.on("error", () => {});
  leaving.destroy();
  expect(await aborted).toBe("aborted");
});

test.each(["/v1/events", "/v1/pumped"])(
  "requests that wait for their turn on a connection hear that it closed (%s)",
  async (path) => {
    Object.assign(streams, { begun: 0, left: 0, closed: 0 });
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(12));
    await once(socket, "data");
    await vi.waitFor(() => expect(streams.begun).toBe(12));
    socket.destroy();
    await vi.waitFor(() => expect(streams).toEqual({ begun: 12, left: 12, closed: 12 }));
  },
);

test("requests on one connection are answered in turn", async () => {
  const one = "GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n";
  const last = "GET /v1/models/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
  const socket = connect(port, "127.0.0.1");
  socket.write(one.repeat(12) + last);
  let text = "";
  for await (const chunk of socket) text += chunk;
  expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(13);
  expect(text.lastIndexOf('{"all":true}')).toBeLessThan(text.indexOf('{"id":["a"]}'));
});

test.each([
  [
    "malformed percent-encoding",
    "GET /v1/%E0%A4%A HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    400,
  ],
  ["the same elsewhere", "GET /%E0%A4%A HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 400],
  ["a host that is none", "GET /v1/models HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n", 400],
  [
    "a port that is none",
    "GET /v1/echo HTTP/1.1\r\nhost: a:99999\r\nconnection: close\r\n\r\n",
    400,
  ],
  ["a method Next fails on", "TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 405],
  ["another", "PROPFIND /leaderboard HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 405],
])("%s gets a readable error", async (_, bytes, status) => {
  const reply = await raw(bytes);
  expect(reply.status).toBe(status);
  expect(
    JSON.parse(reply.body.slice(reply.body.indexOf("{"), reply.body.lastIndexOf("}") + 1)).error
      .message,
  ).toMatch(/\w+ \w+/);
});
