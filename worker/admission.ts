import { AppError } from "@/lib/errors";
import { OVERLOADED_RETRY_AFTER_SECONDS, SLOT_WAIT_MS_MAX, WAITING_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";

/**
 * How many requests run at once and how many may wait. First come, first served; a full waiting room
 * refuses at the door, so that a queue never grows beyond what its clients will wait for.
 */

export type AdmissionOptions = {
  slots: number;
  waitingMax?: number;
  slotWaitMsMax?: number;
};

/** The right to run; whoever holds it must release it exactly once. */
export type Slot = { readonly queuedMs: number; release(): void };

type Waiter = { grant(): void; refuse(reason: unknown): void };

export class Admission {
  readonly slots: number;
  readonly waitingMax: number;
  readonly #slotWaitMsMax: number;
  #running = 0;
  /** A Set keeps the order of arrival and lets an aborted waiter leave from the middle at once. */
  readonly #waiters = new Set<Waiter>();
  #closedBy: AppError | undefined;
  readonly #idleListeners = new Set<() => void>();

  constructor(options: AdmissionOptions) {
    assert(Number.isInteger(options.slots) && options.slots > 0, "a worker has at least one slot");
    this.slots = options.slots;
    this.waitingMax = options.waitingMax ?? WAITING_MAX;
    this.#slotWaitMsMax = options.slotWaitMsMax ?? SLOT_WAIT_MS_MAX;
    assert(this.waitingMax >= 0, "the waiting room has a size");
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Takes a slot or a place in the waiting room. It returns at once, so that the caller knows whether
   * it is admitted; `slot` resolves when its turn comes and rejects on abort, on a wait that is too
   * long and on `close`.
   *
   * @throws AppError `overloaded` when the waiting room is full or closed.
   */
  enter(signal: AbortSignal): { slot: Promise<Slot> } {
    if (this.#closedBy) throw this.#closedBy;
    if (signal.aborted) return { slot: Promise.reject(signal.reason) };
    if (this.#running < this.slots) {
      assert(this.#waiters.size === 0, "nobody waits while a slot is free");
      return { slot: Promise.resolve(this.#take(0)) };
    }
    if (this.#waiters.size >= this.waitingMax) {
      throw this.#overloaded(
        `All ${this.slots} slots are busy and ${this.#waiters.size} requests wait already. Try again shortly.`,
      );
    }
    return { slot: this.#queue(signal) };
  }

  /** Refuses newcomers and everybody who waits with `reason`; those who run go on. */
  close(reason: AppError): void {
    this.#closedBy = reason;
    for (const waiter of [...this.#waiters]) waiter.refuse(reason);
    assert(this.#waiters.size === 0, "a closed waiting room is empty");
  }

  /** Resolves when nothing runs, or rejects with the signal's reason. */
  whenIdle(signal: AbortSignal): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#idleListeners.delete(settle);
        signal.removeEventListener("abort", settle);
        if (this.#running === 0) resolve();
        else reject(signal.reason);
      };
      this.#idleListeners.add(settle);
      signal.addEventListener("abort", settle);
      if (signal.aborted) settle();
    });
  }

  #queue(signal: AbortSignal): Promise<Slot> {
    const since = performance.now();
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        assert(this.#waiters.delete(waiter), "who leaves the waiting room was in it");
      };
      const waiter: Waiter = {
        grant: () => {
          leave();
          resolve(this.#take(performance.now() - since));
        },
        refuse: (reason) => {
          leave();
          reject(reason);
        },
      };
      const onAbort = () => waiter.refuse(signal.reason);
      const timer = setTimeout(() => {
        const seconds = Math.round(this.#slotWaitMsMax / 1_000);
        waiter.refuse(
          this.#overloaded(`No slot came free within ${seconds} s. Try again shortly.`),
        );
      }, this.#slotWaitMsMax);
      signal.addEventListener("abort", onAbort);
      this.#waiters.add(waiter);
    });
  }

  #take(queuedMs: number): Slot {
    this.#running += 1;
    assert(this.#running <= this.slots, "no more run than there are slots");
    let held = true;
    return {
      queuedMs,
      release: () => {
        assert(held, "a slot is released once");
        held = false;
        this.#giveBack();
      },
    };
  }

  #giveBack(): void {
    this.#running -= 1;
    assert(this.#running >= 0, "a slot that is given back was taken");
    const [next] = this.#waiters;
    next?.grant();
    assert(
      this.#waiters.size === 0 || this.#running === this.slots,
      "no slot idles while one waits",
    );
    if (this.#running === 0) for (const listener of [...this.#idleListeners]) listener();
  }

  #overloaded(message: string): AppError {
    return new AppError("overloaded", {
      message,
      retryAfterSeconds: OVERLOADED_RETRY_AFTER_SECONDS,
    });
  }
}
