import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { toFrames } from "./stream-frames";

/**
 * Says again, as fast as a socket takes it, what a stand-in has said once: the stand-ins write answers, parse
 * bodies and check keys, and would be what is measured. An event is a write, and a turn of the event loop comes
 * between two, as tokens of a model come. Whatever is not the stream of an answer is asked of the stand-in.
 */

export type AskedBytes = { path: string; headers: Record<string, string>; body: string };

/** So long nothing follows the event with which so many bytes of the body have been said. */
export type Pause = { afterBytes: number; ms: number };

type Recorded = { head: Buffer; frames: Buffer[]; bodyBytes: number[] };
type Request = AskedBytes & { method: string };

const HEAD_END = "\r\n\r\n";
/** What belongs to a connection, and not to who is asked next. */
const OF_CONNECTION = new Set(["host", "connection", "content-length", "transfer-encoding"]);

export class ReplayServer {
  readonly #standIn: string;
  readonly #recorded = new Map<string, Recorded>();
  readonly #server: Server;
  /** The last request for an answer. */
  asked: AskedBytes | undefined;
  /** Of each answer from now on. */
  pause: Pause | undefined;

  constructor(standIn: string) {
    this.#standIn = standIn;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", 1_024, () => {
        // A TCP server that listens has an AddressInfo; only pipes have a string.
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  #serve(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (piece) => {
      bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece]);
      const request = readRequest(bytes);
      if (request === undefined) return;
      // Clients ask again when they were answered, on the same connection.
      bytes = Buffer.alloc(0);
      this.#answer(request, socket).catch((error: unknown) => {
        socket.end(`HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0${HEAD_END}`);
        process.stderr.write(`${String(error)}\n`);
      });
    });
  }

  async #answer(request: Request, socket: Socket): Promise<void> {
    const known = this.#recorded.get(request.path);
    if (known !== undefined) return replay(known, socket, this.pause);
    const { method, path, headers, body } = request;
    const passed = Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name));
    const reply = await fetch(this.#standIn + path, {
      ...{ method, headers: Object.fromEntries(passed) },
      ...(method === "POST" && { body }),
    });
    const contentType = reply.headers.get("content-type") ?? "";
    const said = Buffer.from(await reply.arrayBuffer());
    const frames = method === "POST" && reply.ok ? toFrames(said, contentType) : undefined;
    const line = `HTTP/1.1 ${reply.status} ${reply.statusText}\r\ncontent-type: ${contentType}\r\n`;
    if (frames === undefined) {
      socket.write(`${line}content-length: ${said.length}${HEAD_END}`);
      socket.write(said);
      return;
    }
    const { method: _, ...asked } = request;
    this.asked = asked;
    const head = Buffer.from(`${line}transfer-encoding: chunked${HEAD_END}`);
    let size = 0;
    const bodyBytes = frames.map((frame) => {
      size += frame.length;
      return size;
    });
    const recorded = { head, frames: frames.map(toChunk), bodyBytes };
    recorded.frames.push(Buffer.from(`0${HEAD_END}`));
    this.#recorded.set(path, recorded);
    replay(recorded, socket, this.pause);
  }
}

function replay(
  { head, frames, bodyBytes }: Recorded,
  socket: Socket,
  { afterBytes = 0, ms = 0 }: Partial<Pause> = {},
): void {
  socket.write(head);
  let at = 0;
  const last = ms === 0 ? -1 : bodyBytes.findIndex((bytes) => bytes >= afterBytes);
  const step = () => {
    const frame = frames[at++];
    if (frame === undefined || socket.destroyed) return;
    socket.write(frame);
    if (at - 1 === last) setTimeout(step, ms);
    else setImmediate(step);
  };
  step();
}

/** As HTTP/1.1 sends a body of unknown length. */
function toChunk(frame: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${frame.length.toString(16)}\r\n`),
    frame,
    Buffer.from("\r\n"),
  ]);
}

/** Undefined until all of it is there. */
function readRequest(bytes: Buffer): Request | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const from = end + HEAD_END.length;
  const length = Number(headers["content-length"] ?? 0);
  if (bytes.length < from + length) return undefined;
  const [method = "", path = ""] = first.split(" ");
  return { method, path, headers, body: bytes.toString("utf8", from, from + length) };
}
