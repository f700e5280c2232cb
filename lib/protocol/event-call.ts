import type { IncomingHttpHeaders } from "node:http";
import type { AppError } from "@/lib/errors";
import { WORKER_WORD_BYTES_MAX } from "@/lib/fleet-limits";
import type { StopSignal } from "@/lib/util/stop";
import type { AnswerControl, AnswerHandler, PlainCall } from "./answer-handler";
import { EventReader } from "./event-reader";
import type { GenerationWaiting } from "./generate-event";

export type Refusal = { status: number; headers: IncomingHttpHeaders; body: Buffer };

export type EventCallOptions = {
  signal: StopSignal;
  /** How long the head of the answer may take, a wait for a connection included. */
  headMsMax: number;
  /** What is told when it takes longer. */
  toLate: () => AppError;
  /** Turns what broke the call off into what its caller is told. */
  toError: (error: unknown) => AppError;
  toRefusal: (refusal: Refusal) => AppError;
  /** Told of a wait before the answer's start. */
  onWaiting?: ((event: GenerationWaiting) => void) | undefined;
};

/**
 * One call for events. A client tells it of the answer as it comes, and what it hears goes to the reader at
 * once: undici's `request` would lay a `Readable` between them, with an AbortController (4 µs on Node 20)
 * and turns of `process.nextTick` for each chunk.
 */
class EventCall implements AnswerHandler {
  readonly #options: EventCallOptions;
  readonly #resolve: (reader: EventReader) => void;
  readonly #reject: (error: AppError) => void;
  readonly #timer: NodeJS.Timeout;
  #late: NodeJS.Immediate | undefined;
  readonly #onAbort = () => this.#stop(this.#options.toError(this.#options.signal.reason));
  #controller: AnswerControl | undefined;
  #reader: EventReader | undefined;
  #refusal:
    | { status: number; headers: IncomingHttpHeaders; chunks: Buffer[]; bytes: number }
    | undefined;
  /** Why it was broken off from here. */
  #stopped: AppError | undefined;

  constructor(
    options: EventCallOptions,
    resolve: (reader: EventReader) => void,
    reject: (error: AppError) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal, headMsMax } = options;
    this.#timer = setTimeout(() => {
      // Timers come before sockets in a turn of the event loop: what came while this process was busy is read first.
      this.#late = setImmediate(() => this.#stop(options.toLate()));
    }, headMsMax);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  onRequestStart(controller: AnswerControl): void {
    this.#controller = controller;
    // It had waited for a connection, and for too long.
    if (this.#stopped) controller.abort(this.#stopped);
  }

  onResponseStart(controller: AnswerControl, status: number, headers: IncomingHttpHeaders): void {
    // "Continue" and the like come before the answer.
    if (status < 200) return;
    if (status !== 200) {
      // Its time runs on: a refusal is a line, and what trickles is no more an answer than no head.
      this.#refusal = { status, headers, chunks: [], bytes: 0 };
      return;
    }
    this.#clearTimer();
    this.#reader = new EventReader({
      signal: this.#options.signal,
      toError: this.#options.toError,
      onWaiting: this.#options.onWaiting,
      body: {
        pause: () => controller.pause(),
        resume: () => controller.resume(),
        destroy: () => this.#leave(),
      },
    });
    this.#resolve(this.#reader);
  }

  onResponseData(controller: AnswerControl, chunk: Buffer): void {
    if (this.#reader) {
      this.#reader.take(chunk);
      return;
    }
    const refusal = this.#refusal;
    if (refusal === undefined) return;
    refusal.chunks.push(Buffer.from(chunk));
    refusal.bytes += chunk.length;
    if (refusal.bytes > WORKER_WORD_BYTES_MAX)
      controller.abort(new Error("The refusal has no end."));
  }

  onResponseEnd(): void {
    this.#forget();
    this.#reader?.end();
    if (this.#refusal === undefined) return;
    const { status, headers, chunks } = this.#refusal;
    this.#reject(this.#options.toRefusal({ status, headers, body: Buffer.concat(chunks) }));
  }

  onResponseError(_controller: AnswerControl, error: Error): void {
    this.#forget();
    const told = this.#stopped ?? this.#options.toError(error);
    // Of these one has settled before, or is not there.
    this.#reader?.fail(told);
    this.#reject(told);
  }

  #stop(error: AppError): void {
    this.#stopped = error;
    this.#forget();
    // Whoever waits for a connection hears of it at once.
    this.#reader?.fail(error);
    this.#reject(error);
    this.#controller?.abort(error);
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#late);
  }

  /** Nobody reads on. What was read to its end has nothing to abort. */
  #leave(): void {
    this.#forget();
    this.#controller?.abort(new DOMException("Nobody reads the answer.", "AbortError"));
  }

  #forget(): void {
    this.#clearTimer();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }
}

/** undici's dispatchers and our own pool. */
export type Caller = { dispatch(call: PlainCall, handler: AnswerHandler): unknown };

/**
 * Resolves with the head of an answer of status 200.
 *
 * @throws AppError as `options` has it
 */
export function openEvents(
  caller: Caller,
  call: PlainCall,
  options: EventCallOptions,
): Promise<EventReader> {
  const { signal, toError } = options;
  if (signal.aborted) return Promise.reject(toError(signal.reason));
  return new Promise((resolve, reject) => {
    caller.dispatch(call, new EventCall(options, resolve, reject));
  });
}
