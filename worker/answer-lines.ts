import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { HELD_LINES_MS_MAX, JOINED_CHARACTERS_MAX } from "@/lib/limits";

const HEAD = {
  "content-type": "application/x-ndjson; charset=utf-8",
  "cache-control": "no-store",
};
/** Turns of the event loop for which the head of a whole answer waits for more. */
const WHOLE_TURNS = 2;

export type AnswerLinesOptions = {
  /** The reader waits for the end anyway: see `lib/protocol/delivery.ts`. */
  isWhole: boolean;
  signal: AbortSignal;
  /** How long a reader may take nothing while lines wait for it. */
  stallMsMax: number;
};

/**
 * The lines of an answer on their way out. A write takes 20 to 40 µs, much of what a short answer takes at
 * all, so what is ready together leaves together: the head and every line of one turn wait for
 * `process.nextTick`, which Node runs when all settled promises were followed up. There is no timer. Of an
 * answer that is wanted whole, the beginning waits for two turns of the event loop, later lines for the next
 * one that comes when `HELD_LINES_MS_MAX` have passed; one that is over by then is a single write.
 */
export class AnswerLines {
  readonly #response: ServerResponse;
  readonly #options: AnswerLinesOptions;
  #text = "";
  #isHeadOut = false;
  #isScheduled = true;
  #isEnded = false;
  /** The last write found the reader slower. */
  #isFull = false;
  #sentMs = 0;

  /** The head goes out by itself, also when no line comes. */
  constructor(response: ServerResponse, options: AnswerLinesOptions) {
    this.#response = response;
    this.#options = options;
    if (options.isWhole) this.#waitTurns(WHOLE_TURNS);
    else process.nextTick(flush, this);
  }

  write(line: string): void {
    this.#text += line;
    if (this.#text.length >= JOINED_CHARACTERS_MAX) this.flush();
    else if (!this.#isScheduled) this.#schedule();
  }

  /** Lets go what has been written so far. */
  flush(): void {
    this.#isScheduled = false;
    const response = this.#response;
    if (this.#isEnded || !response.writable) return;
    const text = this.#text;
    this.#text = "";
    if (!this.#isHeadOut) {
      this.#isHeadOut = true;
      response.writeHead(200, HEAD);
      if (text === "") response.flushHeaders();
    }
    if (this.#options.isWhole) this.#sentMs = performance.now();
    if (text !== "") this.#isFull = !response.write(text);
  }

  /** Whether lines come faster than they are taken; then `whenTaken` is to be waited for. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Waits while the reader is slower than the writer; one that stopped is cut off. */
  async whenTaken(): Promise<void> {
    this.#isFull = false;
    const response = this.#response;
    if (!response.writableNeedDrain) return;
    const { signal, stallMsMax } = this.#options;
    const stalled = setTimeout(() => response.destroy(), stallMsMax);
    try {
      await once(response, "drain", { signal });
    } finally {
      clearTimeout(stalled);
    }
  }

  /** Nothing follows. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const response = this.#response;
    const text = this.#text;
    if (this.#isHeadOut) {
      if (text === "" || !response.writable) response.end();
      else response.end(text);
      return;
    }
    if (!response.writable) return;
    response.writeHead(200, { ...HEAD, "content-length": Buffer.byteLength(text) });
    response.end(text);
  }

  #schedule(): void {
    if (this.#options.isWhole && performance.now() - this.#sentMs < HELD_LINES_MS_MAX) return;
    this.#isScheduled = true;
    process.nextTick(flush, this);
  }

  #waitTurns(count: number): void {
    setImmediate(() => {
      if (this.#isEnded || this.#isHeadOut) return;
      if (count > 1) this.#waitTurns(count - 1);
      else this.flush();
    });
  }
}

const flush = (lines: AnswerLines) => lines.flush();
