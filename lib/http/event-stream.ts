import type { ServerResponse } from "node:http";
import { JOINED_CHARACTERS_MAX, STREAM_KEEP_ALIVE_MS } from "@/lib/limits";

/** How a streamed body ended: to its last event, by a reader that left, or by an error of its source. */
export type StreamEnd = "complete" | "cancelled" | "failed";

export type StreamForm<Event> = {
  contentType: string;
  encode: (value: Event) => string;
  /** What readers of this form skip. */
  keepAlive: string;
};

/** A body that comes bit by bit, whatever it is made of. */
export type Streamed = {
  readonly end: Promise<StreamEnd>;
  /** Nobody reads it, or nobody does any more. */
  cancel(): Promise<void>;
  /** Writes all of it and ends `outgoing`, whose head is written. */
  writeTo(outgoing: ServerResponse): Promise<void>;
  /** The same for a reader of the web's kind, which takes each event by itself. */
  toWeb(): ReadableStream<Uint8Array>;
};

/**
 * Events on their way to one reader, who sets the pace: an event is asked for when there is room for it. A
 * reader that leaves closes the iterator, so that the work behind it stops. What can go wrong mid-stream is
 * an event of the source's own; an exception here is a bug and breaks the body off, which clients see as
 * such. While a source is silent, bytes without a meaning keep what lies between from taking it for dead.
 */
export class EventStream<Event> implements Streamed {
  readonly end: Promise<StreamEnd>;
  readonly #iterator: AsyncIterator<Event>;
  readonly #form: StreamForm<Event>;
  #settle: (end: StreamEnd) => void = () => {};

  constructor(events: AsyncIterable<Event>, form: StreamForm<Event>) {
    this.#iterator = events[Symbol.asyncIterator]();
    this.#form = form;
    this.end = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async cancel(): Promise<void> {
    // First: a generator that waits for its next event cannot be closed before the wait is aborted.
    this.#settle("cancelled");
    await this.#iterator.return?.();
  }

  /**
   * Events that are ready together leave in one write: those that come without the event loop having
   * turned in between. The first one waits for no other.
   */
  async writeTo(outgoing: ServerResponse): Promise<void> {
    const { encode, keepAlive } = this.#form;
    const quiet = setInterval(() => outgoing.write(keepAlive), STREAM_KEEP_ALIVE_MS).unref();
    let pending = "";
    let isScheduled = false;
    const flush = () => {
      isScheduled = false;
      if (pending !== "" && !outgoing.destroyed) outgoing.write(pending);
      pending = "";
      quiet.refresh();
    };
    const onClose = () => {
      clearInterval(quiet);
      if (!outgoing.writableFinished) this.cancel().catch(() => undefined);
    };
    outgoing.once("close", onClose);
    if (outgoing.closed) onClose();
    try {
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (outgoing.destroyed) return;
        if (done) break;
        pending += encode(value);
        if (pending.length > JOINED_CHARACTERS_MAX) flush();
        else if (!isScheduled) {
          isScheduled = true;
          // Node runs it once all promises that are settled have been followed up.
          process.nextTick(flush);
        }
        if (outgoing.writableNeedDrain) await untilRoom(outgoing);
      }
      clearInterval(quiet);
      this.#settle("complete");
      const last = pending;
      pending = "";
      outgoing.end(last);
    } catch {
      // The source is ours, and says by an event what may go wrong; whoever awaits the end logs it.
      this.#settle("failed");
      outgoing.destroy();
    }
  }

  toWeb(): ReadableStream<Uint8Array> {
    const { encode, keepAlive } = this.#form;
    const encoder = new TextEncoder();
    let next: Promise<IteratorResult<Event>> | undefined;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          next ??= this.#iterator.next();
          const result = await within(next, STREAM_KEEP_ALIVE_MS);
          if (result === undefined) {
            controller.enqueue(encoder.encode(keepAlive));
            return;
          }
          next = undefined;
          const { done, value } = result;
          if (done) {
            controller.close();
            this.#settle("complete");
          } else controller.enqueue(encoder.encode(encode(value)));
        } catch (error) {
          this.#settle("failed");
          controller.error(error);
        }
      },
      cancel: () => this.cancel(),
    });
  }
}

/** Until more may be written, or nobody reads any more. */
export function untilRoom(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve();
    };
    outgoing.on("drain", settle);
    outgoing.on("close", settle);
    if (outgoing.destroyed) settle();
  });
}

/** What `work` gives, or undefined when it takes longer than `ms`; it goes on all the same. */
function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    // A rejection after the time is up is met again by the next call with the same promise.
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
