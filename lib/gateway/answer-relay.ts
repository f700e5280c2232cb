import { env } from "@/lib/env";
import { type ErrorCode, isAppError, toAppError } from "@/lib/errors";
import type { GenerateEvent, GenerationEvent } from "@/lib/protocol/generate-event";
import { log } from "@/lib/telemetry/log";
import type { AnswerTrail } from "./answer-trail";
import { gatewayMetrics } from "./gateway-metrics";
import type { GenerationWatch } from "./generation-watch";
import { blame, toClientError } from "./worker-fault";
import type { WorkerStream } from "./worker-stream";

/** Faults of a worker in the middle of an answer, with which another has nothing to do. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["worker-lost", "timeout", "upstream-invalid", "no-worker"] as const),
]);

export type AnswerRelayOptions = {
  first: WorkerStream;
  watch: GenerationWatch;
  trail: AnswerTrail;
  requestId: string | undefined;
  /** Counts how often another worker went on. */
  resumed: { times: number };
  /**
   * Finds another worker to go on after the trail.
   *
   * @throws AppError when there is none
   */
  goOn: (failed: WorkerStream) => Promise<WorkerStream>;
};

/** Tells what the workers of one answer say, one after the other, as if it were one. */
export class AnswerRelay {
  readonly #options: AnswerRelayOptions;
  #stream: WorkerStream;

  constructor(options: AnswerRelayOptions) {
    this.#options = options;
    this.#stream = options.first;
  }

  /** The events with a `return` that works at once, also while the next event is being waited for. */
  get events(): AsyncIterable<GenerationEvent> {
    return new RelayedEvents(this.#read(), this.#options.watch);
  }

  async *#read(): AsyncGenerator<GenerationEvent, undefined> {
    const { watch, trail } = this.#options;
    try {
      yield this.#stream.start;
      for (;;) {
        let event: GenerationEvent;
        try {
          event = this.#whole(await this.#stream.next());
        } catch (thrown) {
          event = await this.#resume(thrown);
        }
        if (event.type === "generation-resumed") {
          yield event;
          continue;
        }
        if (trail.holds(event)) continue;
        for (const held of trail.release()) yield held;
        watch.see(event);
        if (event.type === "generation-end") {
          yield event;
          break;
        }
        const sinceMs = performance.now();
        yield event;
        watch.waitedForReader(performance.now() - sinceMs);
        // Events that had arrived before would go on past a limit.
        if (watch.reason !== undefined) throw watch.reason;
      }
    } catch (thrown) {
      // After an abort by the client the stream just ends.
      if (watch.isCancelled) return undefined;
      yield* trail.release();
      const isOurs = watch.reason !== undefined;
      const error = isOurs ? toAppError(watch.reason) : toClientError(thrown);
      const { code, message, param, retryable } = error;
      watch.fail(code);
      yield { type: "generation-error", code, message, ...(param && { param }), retryable };
    } finally {
      watch.close("cancelled");
      await this.#stream.close();
    }
    return undefined;
  }

  /** Another worker takes over, and what comes next says so; or throws the fault. */
  async #resume(thrown: unknown): Promise<GenerationEvent> {
    await this.#expectPassing(thrown);
    const { trail, watch } = this.#options;
    const { workerId, release: undo } = this.#stream.reservation;
    watch.resumed({ workerId, undo });
    trail.moveOn();
    return { type: "generation-resumed", afterTokens: trail.ids?.length ?? 0, workerId };
  }

  /** Goes on with another worker after a fault, or throws it. */
  async #expectPassing(thrown: unknown): Promise<void> {
    const { watch, resumed, trail, goOn, requestId } = this.#options;
    if (watch.reason !== undefined || watch.isCancelled) throw thrown;
    const failed = this.#stream;
    const { code } = toClientError(thrown);
    const { workerId } = failed.reservation;
    // A reader that stalls is given up by every worker.
    if (!watch.isReadersFault) blame(failed.reservation, thrown);
    const mayGoOn = trail.ids !== undefined && PASSING.has(code) && !watch.isReadersFault;
    if (!mayGoOn || resumed.times >= env().PARLEY_RESUMPTIONS_MAX) throw thrown;
    watch.lost();
    await failed.close();
    const told = { requestId, workerId, code, afterTokens: trail.ids.length };
    try {
      this.#stream = await goOn(failed);
    } catch (error) {
      gatewayMetrics.resumptions.inc({ code, resumed: "no" });
      const reason = isAppError(error) ? error.code : error;
      log.warn({ ...told, reason }, "no other worker went on with an answer");
      throw watch.reason ?? thrown;
    }
    resumed.times += 1;
    gatewayMetrics.resumptions.inc({ code, resumed: "yes" });
    const { workerId: byWorkerId } = this.#stream.reservation;
    log.info({ ...told, byWorkerId }, "another worker went on with an answer");
  }

  /** The times of an answer of which its last worker has seen the rest alone. */
  #whole(event: GenerateEvent): GenerateEvent {
    const { resumed, watch } = this.#options;
    if (event.type !== "generation-end" || resumed.times === 0) return event;
    const { firstTokenMs, durationMs } = watch.times;
    return { ...event, timing: { queuedMs: 0, firstTokenMs, durationMs } };
  }
}

/** A class: an object whose name is put together, as an iterator's is, takes V8's slow path each time. */
class RelayedEvents implements AsyncIterableIterator<GenerationEvent> {
  readonly #events: AsyncGenerator<GenerationEvent, undefined>;
  readonly #watch: GenerationWatch;

  constructor(events: AsyncGenerator<GenerationEvent, undefined>, watch: GenerationWatch) {
    this.#events = events;
    this.#watch = watch;
  }

  next(): Promise<IteratorResult<GenerationEvent>> {
    return this.#events.next();
  }

  return(): Promise<IteratorResult<GenerationEvent>> {
    this.#watch.close("cancelled");
    return this.#events.return(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
