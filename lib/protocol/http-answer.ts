import type { IncomingHttpHeaders } from "node:http";
import { type AnswerHead, BadAnswer, checkField, readHead } from "./http-head";

/** As undici and Node have it. */
const HEAD_BYTES_MAX = 16_384;
/** A size of eight digits and what may stand behind it, which says nothing to us. */
const SIZE_LINE_BYTES_MAX = 256;
/** Heads of "Continue" and the like that may come before the answer's. */
const INTERIM_MAX = 8;
const LINE_FEED = 10;
/** With extensions of words alone: undici refuses blanks and stray letters in them, too. */
const SIZE_LINE =
  /^([0-9a-fA-F]{1,8})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=[!#$%&'*+.^_`|~0-9A-Za-z-]+)?)*$/;

export type AnswerSink = {
  head(status: number, headers: IncomingHttpHeaders): void;
  /** @param bytes a part of what was read. */
  data(bytes: Buffer): void;
};

type State = "head" | "length" | "size" | "chunk" | "chunk-end" | "trailer" | "close" | "over";

/** Reads one HTTP/1.1 answer from bytes as they come, cut wherever they are. */
export class HttpAnswer {
  readonly #sink: AnswerSink;
  #state: State = "head";
  /** Of the head what has come, where it did not come at once. */
  #kept: Buffer | undefined;
  #keptBytes = 0;
  #interims = 0;
  /** Of the body, or of the chunk, what is still to come. */
  #left = 0;
  #line = "";
  #trailerBytes = 0;
  #head: AnswerHead | undefined;
  #isStopped = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Once it is over: how long the connection may be kept; see AnswerHead. */
  get keepMs(): number | undefined {
    return this.#head?.keepMs;
  }

  /** The connection was closed by the other side. @returns whether the answer is whole by that. */
  close(): boolean {
    return this.#state === "close" || this.#state === "over";
  }

  /** Nobody hears the rest. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Reads until the answer is over or nothing is left.
   *
   * @returns where the next answer would begin; `end` unless this one is over.
   * @throws BadAnswer
   */
  read(bytes: Buffer, end: number): number {
    let at = 0;
    while (at < end && this.#state !== "over" && !this.#isStopped) {
      at = this.#step(bytes, at, end);
    }
    return at;
  }

  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes, at, end);
      case "length":
        return this.#readBody(bytes, at, end, "over");
      case "chunk":
        return this.#readBody(bytes, at, end, "chunk-end");
      case "close":
        this.#sink.data(bytes.subarray(at, end));
        return end;
      default:
        return this.#readLine(bytes, at, end);
    }
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    if (this.#kept === undefined) {
      const found = bytes.indexOf("\r\n\r\n", at, "latin1");
      if (found !== -1 && found + 4 <= end) {
        if (found - at > HEAD_BYTES_MAX) throw tooLong();
        this.#begin(bytes.toString("latin1", at, found));
        return found + 4;
      }
      this.#kept = Buffer.allocUnsafeSlow(HEAD_BYTES_MAX);
    }
    // Whole so far as it has room: what belongs to the body is left where it is.
    const count = Math.min(end - at, HEAD_BYTES_MAX - this.#keptBytes);
    if (count === 0) throw tooLong();
    const before = this.#keptBytes;
    bytes.copy(this.#kept, before, at, at + count);
    this.#keptBytes += count;
    const from = Math.max(0, before - 3);
    const found = this.#kept.subarray(0, this.#keptBytes).indexOf("\r\n\r\n", from, "latin1");
    if (found === -1) return at + count;
    const text = this.#kept.toString("latin1", 0, found);
    this.#kept = undefined;
    this.#keptBytes = 0;
    this.#begin(text);
    return at + found + 4 - before;
  }

  #begin(text: string): void {
    const head = readHead(text);
    const { status, headers, framing } = head;
    if (status < 200) {
      this.#interims += 1;
      // Nobody asked for another protocol.
      if (status === 101 || this.#interims > INTERIM_MAX) {
        throw new BadAnswer(`The answer begins with status ${status}.`);
      }
      return;
    }
    this.#head = head;
    if (framing.kind === "chunked") this.#state = "size";
    else if (framing.kind === "close") this.#state = "close";
    else {
      this.#left = framing.bytes;
      this.#state = framing.bytes === 0 ? "over" : "length";
    }
    this.#sink.head(status, headers);
  }

  #readBody(bytes: Buffer, at: number, end: number, next: State): number {
    const count = Math.min(this.#left, end - at);
    this.#left -= count;
    // Before it is told, so that whoever hears the last of it finds it over.
    if (this.#left === 0) this.#state = next;
    this.#sink.data(bytes.subarray(at, at + count));
    return at + count;
  }

  /** A size, the end of a chunk, or a field after the last one. */
  #readLine(bytes: Buffer, at: number, end: number): number {
    const found = bytes.indexOf(LINE_FEED, at);
    const isWhole = found !== -1 && found < end;
    const until = isWhole ? found + 1 : end;
    const max = this.#state === "trailer" ? HEAD_BYTES_MAX : SIZE_LINE_BYTES_MAX;
    if (this.#line.length + until - at > max) throw tooLong();
    this.#line += bytes.toString("latin1", at, until);
    if (!isWhole) return end;
    const line = this.#line;
    this.#line = "";
    if (!line.endsWith("\r\n")) throw new BadAnswer("A line of the body has no whole end.");
    this.#takeLine(line.slice(0, -2));
    return until;
  }

  #takeLine(line: string): void {
    if (this.#state === "size") {
      const size = SIZE_LINE.exec(line)?.[1];
      if (size === undefined) throw new BadAnswer("The size of a chunk is none.");
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? "trailer" : "chunk";
    } else if (this.#state === "chunk-end") {
      if (line !== "") throw new BadAnswer("A chunk is longer than its size.");
      this.#state = "size";
    } else if (line === "") this.#state = "over";
    else {
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > HEAD_BYTES_MAX) throw tooLong();
      checkField(line);
    }
  }
}

function tooLong(): BadAnswer {
  return new BadAnswer("A line or the head of the answer is too long.");
}
