/** Goal: one request, one answer, and no connection that could mix two. Method: servers that misbehave byte by byte. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { AnswerControl, AnswerHandler } from "./answer-handler";
import { HttpPool, type HttpPoolOptions } from "./http-pool";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

type Heard = { status: number; headers: Record<string, unknown>; body: string };

/** One request whose answer is collected. */
class Call implements AnswerHandler {
  readonly done: Promise<Heard>;
  readonly begun: Promise<void>;
  control: AnswerControl | undefined;
  body = "";
  #head = { status: 0, headers: {} };
  #settle!: { begin(): void; resolve(heard: Heard): void; reject(error: Error): void };

  constructor(
    pool: HttpPool,
    origin: string,
    more: { body?: string; headers?: Record<string, string> } = {},
  ) {
    let begin: () => void;
    this.begun = new Promise((resolve) => {
      begin = resolve;
    });
    this.done = new Promise((resolve, reject) => {
      this.#settle = { begin, resolve, reject };
    });
    this.done.catch(() => undefined);
    pool.dispatch({ origin, path: "/x", method: "POST", headers: {}, body: "", ...more }, this);
  }

  onRequestStart(control: AnswerControl) {
    this.control = control;
  }
  onResponseStart(_control: AnswerControl, status: number, headers: object) {
    this.#head = { status, headers: { ...headers } };
    this.#settle.begin();
  }
  onResponseData(_control: AnswerControl, chunk: Buffer) {
    this.body += chunk.toString("latin1");
  }
  onResponseEnd() {
    this.#settle.resolve({ ...this.#head, body: this.body });
  }
  onResponseError(_control: AnswerControl, error: Error) {
    this.#settle.reject(error);
  }
}

function withPool(options: Partial<HttpPoolOptions> = {}): HttpPool {
  const limits = { connectionsMax: 8, idleMsMax: 60_000, silenceMsMax: 60_000 };
  const pool = new HttpPool({ ...limits, ...options });
  closers.push(() => pool.close());
  return pool;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Hands each request of a connection, as far as it came in one piece, to `answer`. */
async function withServer(
  answer: (socket: Socket, count: { ofSocket: number; sockets: number }, bytes: Buffer) => void,
): Promise<{ origin: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    closers.push(() => socket.destroy());
    const count = { ofSocket: 0, sockets: sockets.length };
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      count.ofSocket += 1;
      answer(socket, count, bytes);
    });
  });
  return { origin: await listening(server), sockets };
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("connections", () => {
  test("one is used again after a whole answer, as Node's server gives it", async () => {
    const ports = new Set<number | undefined>();
    const server = createHttpServer((request, response) => {
      ports.add(request.socket.remotePort);
      request.pipe(response);
    });
    const origin = await listening(server);
    closers.push(() => server.closeAllConnections());
    const pool = withPool();
    for (const body of ["one", "zwölf – 😀", "x".repeat(300_000)]) {
      const { status, body: told } = await new Call(pool, origin, { body }).done;
      expect({ status, told }).toEqual({ status: 200, told: Buffer.from(body).toString("latin1") });
    }
    expect(ports.size).toBe(1);
    expect(pool.size).toBe(1);
  });

  test("what is sent is one request with one length, and letters above ASCII as they are meant", async () => {
    let sent = "";
    const { origin } = await withServer((socket, _count, bytes) => {
      sent += bytes.toString("latin1");
      if (sent.endsWith("\xc3\xa9")) socket.write(OK);
    });
    const headers = { "x-name": "Zo\xeb", authorization: "Bearer s" };
    await new Call(withPool(), origin, { headers, body: "é" }).done;
    const host = origin.slice("http://".length);
    expect(sent).toBe(
      `POST /x HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\nx-name: Zo\xeb\r\nauthorization: Bearer s\r\ncontent-length: 2\r\n\r\n\xc3\xa9`,
    );
  });

  test.each(["a\r\nb: c", "a\nb", "a\0", "Ω"])("the header %j is never sent", async (value) => {
    const { origin, sockets } = await withServer(() => undefined);
    const { done } = new Call(withPool(), origin, { headers: { "x-a": value } });
    await expect(done).rejects.toThrow("x-a");
    expect(sockets).toHaveLength(0);
  });

  test("no more than allowed, and who waits is served or leaves", async () => {
    const { origin, sockets } = await withServer(() => undefined);
    const pool = withPool({ connectionsMax: 1 });
    const first = new Call(pool, origin);
    const [left, last] = [new Call(pool, origin), new Call(pool, origin)];
    left.control?.abort(new Error("left"));
    await expect(left.done).rejects.toThrow("left");
    while (sockets.length === 0) await new Promise(setImmediate);
    sockets[0]?.write(OK);
    await first.done;
    sockets[0]?.write(OK);
    expect(await last.done).toMatchObject({ body: "ok" });
    expect(sockets).toHaveLength(1);
  });

  test.each([
    ["says that it closes", OK.replace("\r\n\r\n", "\r\nConnection: Close\r\n\r\n")],
    ["speaks HTTP/1.0", OK.replace("1.1", "1.0")],
    ["keeps it for a second", OK.replace("\r\n\r\n", "\r\nkeep-alive: timeout=1\r\n\r\n")],
    ["says more than its answer", `${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
  ])("a server that %s gets the next request on another one", async (_name, told) => {
    const { origin, sockets } = await withServer((socket) => socket.write(told));
    const pool = withPool();
    for (let count = 1; count <= 3; count++) {
      expect(await new Call(pool, origin).done).toMatchObject({ body: "ok" });
      expect(sockets).toHaveLength(count);
    }
  });

  test("what comes later than its answer ends the connection before anybody gets it", async () => {
    const { origin, sockets } = await withServer((socket) => socket.write(OK));
    const pool = withPool();
    await new Call(pool, origin).done;
    sockets[0]?.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
    await once(sockets[0] as Socket, "close");
    expect(await new Call(pool, origin).done).toMatchObject({ body: "ok" });
    expect(sockets).toHaveLength(2);
  });

  test("one that nobody uses is closed", async () => {
    const { origin, sockets } = await withServer((socket) => socket.write(OK));
    const pool = withPool({ idleMsMax: 40 });
    await new Call(pool, origin).done;
    await once(sockets[0] as Socket, "close");
    expect(pool.size).toBe(0);
  });
});

describe("a connection that was closed as the request came", () => {
  test("is not the request's fault: it is sent once more on a new one", async () => {
    const { origin, sockets } = await withServer((socket, { ofSocket, sockets: nth }) => {
      if (nth === 1 && ofSocket === 2) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const pool = withPool();
    await new Call(pool, origin).done;
    expect(await new Call(pool, origin).done).toMatchObject({ body: "ok" });
    expect(sockets).toHaveLength(2);
  });

  test("after a single byte of an answer the request is lost", async () => {
    const { origin, sockets } = await withServer((socket, { ofSocket }) => {
      if (ofSocket === 2) socket.end("H");
      else socket.write(OK);
    });
    const pool = withPool();
    await new Call(pool, origin).done;
    await expect(new Call(pool, origin).done).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(sockets).toHaveLength(1);
  });

  test("a server that never answers is asked twice at most", async () => {
    let count = 0;
    const { origin } = await withServer((socket) => {
      count += 1;
      if (count === 1) socket.write(OK);
      else socket.destroy();
    });
    const pool = withPool();
    await new Call(pool, origin).done;
    await expect(new Call(pool, origin).done).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(count).toBe(3);
  });
});

describe("going away", () => {
  test("an abort closes the connection, and nothing more is heard", async () => {
    const { origin, sockets } = await withServer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"),
    );
    const call = new Call(withPool(), origin);
    await call.begun;
    const closed = once(sockets[0] as Socket, "close");
    call.control?.abort(new Error("enough"));
    await expect(call.done).rejects.toThrow("enough");
    await closed;
    call.control?.abort(new Error("again"));
    call.control?.resume();
  });

  test("an abort after the end leaves the connection to the next request", async () => {
    const { origin, sockets } = await withServer((socket) => socket.write(OK));
    const pool = withPool();
    const first = new Call(pool, origin);
    await first.done;
    const second = new Call(pool, origin);
    first.control?.abort(new Error("late"));
    expect(await second.done).toMatchObject({ body: "ok" });
    expect(sockets).toHaveLength(1);
  });

  test("nobody listens; the pool is closed; the answer breaks off", async () => {
    const gone = createServer();
    const nowhere = await listening(gone);
    gone.close();
    const pool = withPool();
    await expect(new Call(pool, nowhere).done).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const { origin } = await withServer((socket) => socket.end(OK.slice(0, -1)));
    await expect(new Call(pool, origin).done).rejects.toMatchObject({ code: "ECONNRESET" });
    const silent = await withServer(() => undefined);
    const call = new Call(pool, silent.origin);
    pool.close();
    await expect(call.done).rejects.toMatchObject({ code: "ECANCELED" });
    await expect(new Call(pool, origin).done).rejects.toMatchObject({ code: "ECANCELED" });
  });

  test("an answer that falls silent is given up, unless it is we who do not read", async () => {
    const { origin } = await withServer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na"),
    );
    const pool = withPool({ silenceMsMax: 40 });
    const [heard, paused] = [new Call(pool, origin), new Call(pool, origin)];
    await paused.begun;
    paused.control?.pause();
    await expect(heard.done).rejects.toMatchObject({ code: "UND_ERR_BODY_TIMEOUT" });
    expect(await Promise.race([paused.done, Promise.resolve("waits")])).toBe("waits");
    paused.control?.resume();
    await expect(paused.done).rejects.toMatchObject({ code: "UND_ERR_BODY_TIMEOUT" });
  });
});

test("who does not read holds the server back, and then gets all of it", async () => {
  const bytes = 32 * 1_048_576;
  let sender: Socket | undefined;
  const { origin } = await withServer((socket) => {
    sender = socket;
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
    socket.write(Buffer.alloc(bytes, "x"));
  });
  const call = new Call(withPool(), origin);
  await call.begun;
  call.control?.pause();
  let before = -1;
  while (before !== (sender?.bytesWritten ?? 0) - (sender?.writableLength ?? 0)) {
    before = (sender?.bytesWritten ?? 0) - (sender?.writableLength ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(call.body.length).toBeLessThan(bytes / 2);
  expect(sender?.writableLength).toBeGreaterThan(0);
  call.control?.resume();
  expect((await call.done).body.length).toBe(bytes);
});
