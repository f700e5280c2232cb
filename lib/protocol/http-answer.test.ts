/**
 * Goal: an answer is the same however it is cut, and what might be read in two ways is refused.
 * Method: bytes of Node's own server and by hand, cut at every byte and at seeded places; seeded faults, held
 * to what undici makes of them.
 */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { Agent } from "undici";
import { afterAll, describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { HttpAnswer } from "./http-answer";
import { BadAnswer } from "./http-head";

type Read = { status: number; headers: Record<string, unknown>; body: string; rest: string };

/** Reads the bytes in these parts, each through one buffer with other bytes behind it, as a connection does. */
function read(parts: readonly Buffer[], { isClosed = false } = {}): Read | "unfinished" {
  const shared = Buffer.alloc(70_000, "\r\n\r\n0\r\n\r\n");
  let [status, headers]: [number, Record<string, unknown>] = [0, {}];
  const body: Buffer[] = [];
  const answer = new HttpAnswer({
    head: (told, fields) => {
      [status, headers] = [told, { ...fields }];
    },
    data: (bytes) => void body.push(Buffer.from(bytes)),
  });
  let rest = "";
  for (const part of parts) {
    part.copy(shared);
    const at = answer.isOver ? 0 : answer.read(shared, part.length);
    rest += shared.toString("latin1", at, part.length);
  }
  if (!answer.isOver && !(isClosed && answer.close())) return "unfinished";
  return { status, headers, body: Buffer.concat(body).toString("latin1"), rest };
}

const bytesOf = (text: string) => Buffer.from(text, "latin1");
const HEAD = "HTTP/1.1 200 OK\r\n";

/** What Node's own server sends. */
async function record(listener: RequestListener): Promise<Buffer> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.end("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  server.close();
  return Buffer.concat(chunks);
}

const LISTENERS: Record<string, RequestListener> = {
  "a length": (_, response) => response.end("whole – ärz\n"),
  "a length of its own": (_, response) =>
    response.writeHead(503, { "content-length": 2 }).end("{}"),
  chunks: (_, response) => {
    for (const text of ["a\n", "", "bb\r\n0\r\n\r\n", "c".repeat(300)])
      if (text) response.write(text);
    response.end();
  },
  trailers: (_, response) => {
    response.writeHead(200, { trailer: "x-after" });
    response.write("body");
    response.addTrailers({ "x-after": "yes" });
    response.end();
  },
  "no body": (_, response) => response.writeHead(204).end(),
  "an early word": (_, response) => {
    response.writeContinue();
    response.writeEarlyHints({ link: "</a>; rel=preload" });
    response.end("after");
  },
};

describe("cuts", () => {
  test.each(Object.entries(LISTENERS))("an answer with %s", async (_name, listener) => {
    const whole = await record(listener);
    const wanted = read([whole]);
    expect(wanted).toMatchObject({ rest: "" });
    for (let at = 0; at <= whole.length; at++) {
      expect(read([whole.subarray(0, at), whole.subarray(at)]), `cut at ${at}`).toEqual(wanted);
      if (at < whole.length) expect(read([whole.subarray(0, at)])).toBe("unfinished");
    }
    const single = [...whole].map((byte) => Buffer.from([byte]));
    expect(read(single)).toEqual(wanted);
    // What stands behind it is left, to the byte.
    const behind = bytesOf("HTTP/1.1 200 OK\r\n");
    expect(read([Buffer.concat([whole, behind])])).toEqual({
      ...(wanted as Read),
      rest: behind.toString("latin1"),
    });
  });

  test("an answer that ends with its connection is whole by that alone", () => {
    const whole = bytesOf(`${HEAD}a: b\r\n\r\nwords`);
    expect(read([whole])).toBe("unfinished");
    expect(read([whole], { isClosed: true })).toMatchObject({ body: "words", headers: { a: "b" } });
    const short = bytesOf(`${HEAD}content-length: 9\r\n\r\nwords`);
    expect(read([short], { isClosed: true })).toBe("unfinished");
  });
});

const MALFORMED: Record<string, string> = {
  "another protocol": "SSH-2.0\r\n\r\n",
  "another version": "HTTP/2.0 200 OK\r\n\r\n",
  "no status": "HTTP/1.1 OK\r\n\r\n",
  "a status of four digits": "HTTP/1.1 2000 OK\r\n\r\n",
  "a switch of protocols": "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
  "two lengths": `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\n`,
  "the same length twice": `${HEAD}content-length: 1\r\nContent-Length: 1\r\n\r\na`,
  "a list of lengths": `${HEAD}content-length: 1, 1\r\n\r\na`,
  "a signed length": `${HEAD}content-length: +1\r\n\r\na`,
  "a length in hex": `${HEAD}content-length: 0x1\r\n\r\na`,
  "a length beyond all": `${HEAD}content-length: 99999999999999999999\r\n\r\n`,
  "a length and a coding": `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a coding beside chunks": `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  "chunks twice": `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a coding that looks like chunks": `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
  "a blank before the colon": `${HEAD}content-length : 1\r\n\r\na`,
  "a field without a name": `${HEAD}: 1\r\n\r\n`,
  "a line without a colon": `${HEAD}words\r\n\r\n`,
  "a folded line": `${HEAD}a: b\r\n content-length: 1\r\n\r\na`,
  "a bare line feed": `${HEAD}a: b\ncontent-length: 1\r\n\r\na`,
  "a bare carriage return": `${HEAD}a: b\rcontent-length: 1\r\n\r\na`,
  "a zero byte": `${HEAD}a: b\0\r\n\r\n`,
  "no size": `${HEAD}transfer-encoding: chunked\r\n\r\n\r\n`,
  "a negative size": `${HEAD}transfer-encoding: chunked\r\n\r\n-1\r\n\r\n`,
  "a size in another notation": `${HEAD}transfer-encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n`,
  "a blank before a size": `${HEAD}transfer-encoding: chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n`,
  "a size beyond all": `${HEAD}transfer-encoding: chunked\r\n\r\n111111111\r\n`,
  "a chunk longer than told": `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
  "a size line that ends half": `${HEAD}transfer-encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`,
  "a chunk that ends half": `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n`,
  "a trailer that is no field": `${HEAD}transfer-encoding: chunked\r\n\r\n0\r\nwords\r\n\r\n`,
  "a head without end": `${HEAD}a: ${"b".repeat(20_000)}`,
  "a size line without end": `${HEAD}transfer-encoding: chunked\r\n\r\n1;${"b".repeat(300)}`,
  "trailers without end": `${HEAD}transfer-encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(5_000)}`,
  "nothing but early words": "HTTP/1.1 103 Early\r\n\r\n".repeat(9),
};

test.each(Object.entries(MALFORMED))("%s is refused, however it is cut", (_name, text) => {
  const whole = bytesOf(text);
  expect(() => read([whole])).toThrow(BadAnswer);
  const step = whole.length > 1_000 ? 997 : 1;
  for (let at = 0; at < whole.length; at += step) {
    expect(() => read([whole.subarray(0, at), whole.subarray(at)])).toThrow(BadAnswer);
  }
});

describe("beside undici", () => {
  const agent = new Agent({ pipelining: 1 });
  let told: Buffer = Buffer.alloc(0);
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.end(told));
  }).listen(0, "127.0.0.1");
  afterAll(async () => {
    await agent.destroy();
    server.close();
  });

  const theirs = async (bytes: Buffer): Promise<{ status: number; body: string } | undefined> => {
    told = bytes;
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const reply = await agent.request({ origin, path: "/", method: "POST", body: "" });
      const body = Buffer.from(await reply.body.arrayBuffer()).toString("latin1");
      return { status: reply.statusCode, body };
    } catch {
      // What it refuses is only asked about.
      return undefined;
    }
  };

  const ours = (bytes: Buffer) => {
    try {
      const found = read([bytes], { isClosed: true });
      // What stands behind an answer ends its connection (http-pool.test.ts); undici ends the answer, too.
      if (found === "unfinished" || found.rest !== "") return undefined;
      return { status: found.status, body: found.body };
    } catch (error) {
      expect(error).toBeInstanceOf(BadAnswer);
      return undefined;
    }
  };

  test("what we take of damaged answers undici takes, too, and reads the same in it", async () => {
    if (!server.listening) await once(server, "listening");
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = seededRandom(seed);
    const below = (count: number) => Math.floor(random() * count);
    const chunked = `${HEAD}a: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\n\r\nz\r\n0\r\n\r\n`;
    const whole = [`${HEAD}Content-Length: 11\r\nA: b\r\n\r\nhello world`, chunked];
    // No tab: behind a length it is a blank (RFC 9110 §5.6.3), and undici refuses it.
    const pieces = ["\r", "\n", "\r\n", " ", ":", ",", ";", "0", "1", "f", "\0", "a", "\xe4"];
    let taken = 0;
    for (let turn = 0; turn < 400; turn++) {
      let text = whole[turn % 2] ?? "";
      for (let faults = 1 + below(2); faults > 0; faults--) {
        const at = below(text.length + 1);
        const cut = below(3) === 0 ? 0 : 1;
        text =
          text.slice(0, at) +
          (below(3) === 0 ? "" : pieces[below(pieces.length)]) +
          text.slice(at + cut);
      }
      const mine = ours(bytesOf(text));
      const other = await theirs(bytesOf(text));
      if (mine === undefined) continue;
      taken += 1;
      expect(other, `seed ${seed}: ${JSON.stringify(text)}`).toEqual(mine);
    }
    expect(taken).toBeGreaterThan(20);
  });
});
