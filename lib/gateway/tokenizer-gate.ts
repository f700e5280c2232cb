import { AppError } from "@/lib/errors";
import {
  OVERLOADED_RETRY_AFTER_SECONDS,
  TOKENIZER_CALLS_AT_ONCE_MAX,
  TOKENIZER_CALLS_WAITING_MAX,
  WORKER_CALL_MS_MAX,
} from "@/lib/limits";
import { processSingleton } from "@/lib/util/process-singleton";
import type { StopSignal } from "@/lib/util/stop";
import { FairQueue } from "./fair-queue";

export type Asking = {
  model: string;
  /** Who asks: turns are shared alike among lanes. */
  lane: string;
  signal: StopSignal;
};

type Waiter = { grant(leave: () => void): void; refuse(reason: unknown): void };
type Door = { running: number; queue: FairQueue<Waiter> };

/**
 * Calls to tokenizers take no slot, and run on the thread that all answers of their worker need. So a few
 * are under way at each model, and the rest wait here, fairly; else many large ones would hold up every
 * answer there and be late themselves.
 */
export class TokenizerGate {
  /** Only models that somebody is asking for, by names that clients may have made up. */
  readonly #doors = new Map<string, Door>();

  /** Models that are being asked for. */
  get size(): number {
    return this.#doors.size;
  }

  /**
   * Waits for a turn.
   *
   * @returns what ends it.
   * @throws AppError `overloaded` when too many wait or this has waited too long; the signal's reason.
   */
  enter({ model, lane, signal }: Asking): Promise<() => void> {
    signal.throwIfAborted();
    const door = this.#doors.get(model) ?? {
      ...{ running: 0, queue: new FairQueue<Waiter>(TOKENIZER_CALLS_WAITING_MAX) },
    };
    this.#doors.set(model, door);
    if (door.running < TOKENIZER_CALLS_AT_ONCE_MAX) {
      door.queue.begin(lane);
      return Promise.resolve(this.#begin(model, door, lane));
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        door.queue.remove(waiting);
      };
      const waiter: Waiter = {
        grant: (end) => {
          leave();
          resolve(end);
        },
        refuse: (reason) => {
          leave();
          reject(reason);
        },
      };
      const onAbort = () => waiter.refuse(signal.reason);
      const timer = setTimeout(() => waiter.refuse(overloaded(model)), WORKER_CALL_MS_MAX).unref();
      signal.addEventListener("abort", onAbort, { once: true });
      const { waiting, refused } = door.queue.add(waiter, { lane });
      refused?.item.refuse(overloaded(model));
    });
  }

  /** @returns what ends the turn, once; the next one's begins with that. */
  #begin(model: string, door: Door, lane: string): () => void {
    door.running += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      door.running -= 1;
      door.queue.end(lane);
      const next = door.queue.next(() => true);
      if (next) next.item.grant(this.#begin(model, door, next.lane));
      else if (door.running === 0) this.#doors.delete(model);
    };
  }
}

function overloaded(model: string): AppError {
  return new AppError("overloaded", {
    message: `The tokenizer of the model \`${model}\` has more to do than it can. Try again shortly.`,
    retryAfterSeconds: OVERLOADED_RETRY_AFTER_SECONDS,
  });
}

/** That of this process. */
export function tokenizerGate(): TokenizerGate {
  return processSingleton("tokenizer-gate", () => new TokenizerGate());
}
