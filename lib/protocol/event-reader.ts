import { isUtf8 } from "node:buffer";
import * as z from "zod";
import { AppError } from "@/lib/errors";
import { EVENT_BYTES_MAX, EVENTS_READ_AHEAD_MAX } from "@/lib/limits";
import type { StopSignal } from "@/lib/util/stop";
import {
  type GenerateEvent,
  type GenerationWaiting,
  generateEventSchema,
  generationWaitingSchema,
} from "./generate-event";
import { readPlainEvent } from "./plain-event";

const LINE_FEED = 10;

/** Where the bytes come from, as far as the reader has a say in it. */
export type EventSource = { pause(): void; resume(): void; destroy(): void };

export type EventReaderOptions = {
  body: EventSource;
  /** Turns what broke the body off into what its reader is told. */
  toError: (error: unknown) => AppError;
  signal: StopSignal;
  /** Told of a wait before the start, as soon as the worker says so. */
  onWaiting?: ((event: GenerationWaiting) => void) | undefined;
};

type Waiting = {
  resolve(result: IteratorResult<GenerateEvent, undefined>): void;
  reject(error: unknown): void;
};

/**
 * The events of one generation from the body of a worker's answer, JSON lines. Those that came together
 * are read together and wait here, a bounded number of them, until they are asked for. A chain of
 * generators over the body (bytes, lines, values, events) took a third of the time of a frame.
 */
export class EventReader implements AsyncGenerator<GenerateEvent, undefined, undefined> {
  #isPaused = false;
  readonly #options: EventReaderOptions;
  readonly #events: GenerateEvent[] = [];
  /** Where in `#events` the next one stands: taking it from the front would move all others. */
  #at = 0;
  /** The beginning of a line whose end has not come. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  #last: GenerateEvent["type"] | undefined;
  #isOver = false;
  #error: unknown;
  #waiting: Waiting | undefined;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    const { signal } = this.#options;
    // Nobody wants to hear what had come before.
    if (signal.aborted && !this.#isRead) this.#drop(signal.reason);
    const value = this.#events[this.#at];
    if (value !== undefined) {
      this.#at += 1;
      if (this.#at === this.#events.length) this.#empty();
      return Promise.resolve({ done: false, value });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Ends the reading at once, also before the first event. */
  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    this.#isOver = true;
    this.#events.length = 0;
    this.#at = 0;
    this.#error = undefined;
    this.#options.body.destroy();
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<GenerateEvent, undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** To its end, by whoever reads. */
  get #isRead(): boolean {
    return this.#isOver && this.#error === undefined && this.#at === this.#events.length;
  }

  #drop(reason: unknown): void {
    this.#events.length = 0;
    this.#at = 0;
    this.#isOver = true;
    this.#error ??= this.#options.toError(reason);
    this.#options.body.destroy();
  }

  #empty(): void {
    this.#events.length = 0;
    this.#at = 0;
    if (!this.#isPaused || this.#isOver) return;
    this.#isPaused = false;
    this.#options.body.resume();
  }

  /** More of the body has come. */
  take(chunk: Buffer): void {
    if (this.#isOver) return;
    const end = chunk.lastIndexOf(LINE_FEED);
    try {
      if (end === -1) this.#keep(chunk);
      else {
        this.#readLines(this.#joined(chunk.subarray(0, end)));
        if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1));
      }
    } catch (error) {
      this.fail(error);
      this.#options.body.destroy();
      return;
    }
    this.#hand();
    if (this.#events.length - this.#at < EVENTS_READ_AHEAD_MAX) return;
    this.#isPaused = true;
    this.#options.body.pause();
  }

  #keep(bytes: Buffer): void {
    // Whoever gave them reads the next ones into the same place.
    this.#rest.push(Buffer.from(bytes));
    this.#restBytes += bytes.length;
    if (this.#restBytes > EVENT_BYTES_MAX) {
      throw invalid(`A line exceeds ${EVENT_BYTES_MAX} bytes.`);
    }
  }

  #joined(bytes: Buffer): Buffer {
    if (this.#restBytes === 0) return bytes;
    const whole = Buffer.concat([...this.#rest, bytes]);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }

  /** Whole lines: no code point of theirs goes on elsewhere. */
  #readLines(bytes: Buffer): void {
    if (!isUtf8(bytes)) throw invalid("The worker's answer is not UTF-8.");
    for (const line of bytes.toString("utf8").split("\n")) {
      if (line !== "") this.#push(parseEvent(parseLine(line)));
    }
  }

  #push(event: GenerateEvent | GenerationWaiting): void {
    const last = this.#last;
    if (event.type === "generation-waiting") {
      if (last !== undefined) throw invalid(`The worker sent ${event.type} after ${last}.`);
      this.#options.onWaiting?.(event);
      return;
    }
    const ended = last === "generation-end" || last === "generation-error";
    const starts = event.type === "generation-start";
    if (ended || (event.type !== "generation-error" && starts !== (last === undefined))) {
      throw invalid(`The worker sent ${event.type} after ${last ?? "nothing"}.`);
    }
    this.#last = event.type;
    this.#events.push(event);
  }

  #hand(): void {
    const waiting = this.#waiting;
    const value = this.#events[this.#at];
    if (!waiting || value === undefined) return;
    this.#waiting = undefined;
    this.#at += 1;
    if (this.#at === this.#events.length) this.#empty();
    waiting.resolve({ done: false, value });
  }

  /** The body is whole. */
  end(): void {
    if (this.#isOver) return;
    try {
      if (this.#restBytes > 0) this.#readLines(this.#joined(Buffer.alloc(0)));
      this.#hand();
      const { signal } = this.#options;
      if (signal.aborted) throw signal.reason;
      const isWhole = this.#last === "generation-end" || this.#last === "generation-error";
      if (!isWhole) {
        throw new AppError("worker-lost", { message: "The worker ended the answer half-way." });
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#isOver = true;
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** The body broke off. What came before is read first. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const told = this.#options.toError(error);
    if (this.#waiting) this.#waiting.reject(told);
    else this.#error = told;
    this.#waiting = undefined;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw invalid("A line is not valid JSON.", cause);
  }
}

const lineSchema = z.discriminatedUnion("type", [
  ...generateEventSchema.options,
  generationWaitingSchema,
]);

function parseEvent(value: unknown): GenerateEvent | GenerationWaiting {
  const plain = readPlainEvent(value);
  if (plain !== undefined) return plain;
  const parsed = lineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid("The worker sent a line that is no event.", parsed.error);
}

function invalid(message: string, cause?: unknown): AppError {
  return new AppError("upstream-invalid", { message, cause });
}
