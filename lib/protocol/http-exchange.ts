import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { AnswerControl, AnswerHandler, PlainCall } from "./answer-handler";
import type { AnswerSink } from "./http-answer";

/** Where a request is: it waits with the pool, or is on a connection. */
export type ExchangeHolder = {
  pause(): void;
  resume(): void;
  /** Nobody wants it any more. */
  destroy(): void;
};

const ASCII = /^[\t\x20-\x7e]*$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PATH = /^\/[!-~]*$/;

/** One request and its answer, on its way between who asked and a connection. */
export class HttpExchange implements AnswerControl, AnswerSink {
  readonly #handler: AnswerHandler;
  readonly #call: PlainCall;
  readonly #host: string;
  #head = "";
  #isAscii = true;
  #holder: ExchangeHolder | undefined;
  #isOver = false;
  #isRepeated = false;

  constructor(call: PlainCall, host: string, handler: AnswerHandler) {
    this.#handler = handler;
    this.#call = call;
    this.#host = host;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it may be sent once more; asked when it was sent and nothing came of it. */
  get mayRepeat(): boolean {
    if (this.#isRepeated || this.#isOver) return false;
    this.#isRepeated = true;
    return true;
  }

  /** Who holds it from here on. */
  bind(holder: ExchangeHolder): void {
    this.#holder = holder;
  }

  /** Unless it is over after that, it can be sent. */
  begin(): void {
    this.#handler.onRequestStart(this);
    try {
      if (!this.#isOver) this.#head = this.#toHead();
    } catch (error) {
      // Thrown below, as an Error.
      this.fail(error as Error);
    }
  }

  #toHead(): string {
    const { path, method, headers, body } = this.#call;
    if (!PATH.test(path)) throw new TypeError("The path cannot be sent.");
    let head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nconnection: keep-alive\r\n`;
    for (const name in headers) {
      const value = headers[name] ?? "";
      if (!ASCII.test(value)) {
        if (!FIELD_VALUE.test(value)) throw new TypeError(`The header ${name} cannot be sent.`);
        this.#isAscii = false;
      }
      head += `${name}: ${value}\r\n`;
    }
    return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  }

  /** In one write; two where the head is not ASCII, whose letters above are bytes there and not in the body. */
  writeTo(socket: Socket): void {
    const { body } = this.#call;
    if (this.#isAscii) socket.write(this.#head + body);
    else {
      socket.cork();
      socket.write(this.#head, "latin1");
      socket.write(body);
      socket.uncork();
    }
  }

  head(status: number, headers: IncomingHttpHeaders): void {
    if (!this.#isOver) this.#handler.onResponseStart(this, status, headers);
  }

  data(bytes: Buffer): void {
    if (!this.#isOver) this.#handler.onResponseData(this, bytes);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onResponseEnd(this);
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onResponseError(this, error);
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#holder?.destroy();
    this.#handler.onResponseError(this, reason);
  }

  pause(): void {
    if (!this.#isOver) this.#holder?.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#holder?.resume();
  }
}
