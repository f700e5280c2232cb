import type { Reservation } from "@/lib/controller/places";
import { AppError } from "@/lib/errors";
import { RESUMED_TOKENS_MAX } from "@/lib/fleet-limits";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { asTold } from "@/lib/protocol/worker-error";
import { assert } from "@/lib/util/assert";
import { Stop, type StopSignal } from "@/lib/util/stop";
import { type Called, toWorkerCall } from "./call-worker";
import { clientFor } from "./client-for";
import { lifeSigns, type WatchedStream } from "./life-signs";
import { TokenBounds } from "./token-bounds";

export type OpenOptions = {
  request: GenerateRequest;
  called: Called;
  /** Whether another worker could do it, should this one fall silent. */
  hasElsewhere: () => Promise<boolean>;
};

/** What one worker says of a generation, from its start on. */
export class WorkerStream {
  readonly reservation: Reservation;
  #start: GenerationStart | undefined;
  #events: AsyncIterator<GenerateEvent> | undefined;
  #second: GenerateEvent | undefined;
  readonly #abort = new Stop();
  readonly #watched: WatchedStream;
  readonly #stopWatching: () => void;
  readonly #signal: StopSignal;
  readonly #bounds: TokenBounds;
  /** Whoever wanted it may never ask for another event, nor close it. */
  readonly #onAbort = () => {
    this.#stopWatching();
    this.#abort.abort(this.#signal.reason);
  };

  /**
   * Opens it as far as its first token, or the end of an answer without one.
   *
   * @throws AppError
   */
  static open(reservation: Reservation, options: OpenOptions): Promise<WorkerStream> {
    return new WorkerStream(reservation, options).#open(options);
  }

  private constructor(
    reservation: Reservation,
    { request, called: { signal }, hasElsewhere }: OpenOptions,
  ) {
    this.reservation = reservation;
    this.#signal = signal;
    const { workerId: id, kind, address, instanceId, offer } = reservation;
    // Among a Parley's own workers one may hold more than it last told of.
    const known = kind === "parley" ? RESUMED_TOKENS_MAX : 0;
    const contextLength = Math.max(known, offer.contextLength);
    this.#bounds = new TokenBounds({ request, contextLength });
    this.#watched = {
      worker: { id, kind, address, instanceId },
      ...{ waitingSinceMs: undefined, hasElsewhere },
      giveUp: (error) => this.#abort.abort(error),
    };
    this.#stopWatching = lifeSigns().watch(this.#watched);
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** Whether another worker could do what is left, should this one fall silent. */
  set hasElsewhere(ask: () => Promise<boolean>) {
    this.#watched.hasElsewhere = ask;
  }

  get start(): GenerationStart {
    assert(this.#start, "an opened stream has started");
    return this.#start;
  }

  async #open({ request, called }: OpenOptions): Promise<this> {
    try {
      const { reservation } = this;
      const own: Called = {
        requestId: called.requestId,
        signal: this.#abort,
        via: called.via,
        trace: called.trace,
        isWhole: called.isWhole,
        onWaiting: called.onWaiting,
      };
      const made = toWorkerCall(reservation, own);
      const call = made instanceof Promise ? await made : made;
      const events = await clientFor(reservation).generate(reservation.address, request, call);
      this.#events = events[Symbol.asyncIterator]();
      const start = this.#hear(await this.#wait());
      // The client holds workers to the order of events.
      assert(start.type === "generation-start", "a generation starts first");
      this.#start = start;
      if (start.load) reservation.told(start.load);
      reservation.started();
      this.#second = this.#hear(await this.#wait());
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** @throws AppError when the worker is lost, or says that it failed. */
  async next(): Promise<GenerateEvent> {
    // The wait is this function's own: every further one between would be kept, for each stream, as long as a token takes.
    const event = this.#second ?? this.#hear(await this.#wait());
    this.#second = undefined;
    if (event.type !== "generation-end") return event;
    const { reservation } = this;
    if (event.load) reservation.told(event.load, { isOver: true });
    reservation.finished();
    this.#drain();
    return event;
  }

  #wait(): Promise<IteratorResult<GenerateEvent>> {
    assert(this.#events, "an opened stream has events");
    this.#watched.waitingSinceMs = performance.now();
    return this.#events.next();
  }

  #hear({ done, value }: IteratorResult<GenerateEvent>): GenerateEvent {
    this.#watched.waitingSinceMs = undefined;
    if (done) throw endedEarly();
    if (value.type === "generation-error") {
      const { code, message, param, retryAfterSeconds } = value;
      throw asTold(new AppError(code, { message, param, retryAfterSeconds }));
    }
    this.#bounds.see(value);
    return value;
  }

  /** Reads what follows the last event, which is nothing, so that the connection can serve the next request. */
  #drain(): void {
    const events = this.#events;
    this.#events = undefined;
    this.#stopWatching();
    this.#signal.removeEventListener("abort", this.#onAbort);
    events?.next().catch(() => {
      // The answer is whole; a connection that breaks now is simply not used again.
    });
  }

  /** Ends the work at the worker; nothing happens to a stream that was read to its end. */
  async close(): Promise<void> {
    const events = this.#events;
    this.#events = undefined;
    this.#stopWatching();
    this.#signal.removeEventListener("abort", this.#onAbort);
    await events?.return?.();
  }
}

function endedEarly(): AppError {
  return new AppError("worker-lost", {
    message: "The worker stopped in the middle of the answer. Try again.",
  });
}
