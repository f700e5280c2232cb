import { connect, type Socket } from "node:net";
import { ReplyReader } from "./reply-reader";

export type Asked = {
  /** The request as it goes over the wire, head and body. */
  bytes: Buffer;
  /** Hears of the body as it comes. */
  onProgress?: (lineFeeds: number, bodyBytes: number) => void;
  /** What has to be there before `firstMs` is taken; absent: anything. */
  firstAfter?: { lineFeeds: number; bodyBytes: number } | undefined;
};

export type Answered = {
  status: number;
  lineFeeds: number;
  bodyBytes: number;
  /** Until the first byte of the body that counts, and until the last. */
  firstMs: number;
  wholeMs: number;
};

type Waiting = Asked & {
  reader: ReplyReader;
  sinceMs: number;
  firstMs: number | undefined;
  settle(answered: Answered): void;
  fail(error: Error): void;
};

/** One connection that is kept and asked one thing after the other; opened when it is needed. */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #waiting: Waiting | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** @throws Error where the connection cannot be had or ends before the answer does. */
  ask(asked: Asked): Promise<Answered> {
    return new Promise((settle, fail) => {
      const reader = new ReplyReader();
      const sinceMs = performance.now();
      this.#waiting = { ...asked, reader, sinceMs, firstMs: undefined, settle, fail };
      this.#socket ??= this.#open();
      this.#socket.write(asked.bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (bytes) => this.#hear(bytes));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("The connection ended.")));
    return socket;
  }

  #hear(bytes: Buffer): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const { reader } = waiting;
    const { lineFeeds: linesBefore, bodyBytes: bytesBefore } = reader;
    try {
      reader.push(bytes);
    } catch (error) {
      this.#socket?.destroy(error instanceof Error ? error : undefined);
      return;
    }
    if (isBegun(reader, waiting)) waiting.firstMs ??= performance.now() - waiting.sinceMs;
    waiting.onProgress?.(reader.lineFeeds - linesBefore, reader.bodyBytes - bytesBefore);
    if (!reader.isDone) return;
    this.#waiting = undefined;
    const { status, lineFeeds, bodyBytes } = reader;
    const wholeMs = performance.now() - waiting.sinceMs;
    waiting.settle({ status, lineFeeds, bodyBytes, firstMs: waiting.firstMs ?? wholeMs, wholeMs });
  }

  #end(error: Error): void {
    this.#socket = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.fail(error);
  }
}

function isBegun({ lineFeeds, bodyBytes }: ReplyReader, { firstAfter }: Waiting): boolean {
  if (firstAfter === undefined) return bodyBytes > 0;
  return lineFeeds >= firstAfter.lineFeeds && bodyBytes >= firstAfter.bodyBytes;
}
