/** Shorter turns are followed at once; masks take as long. */
const BRIEF_MS = 20;

/**
 * One after the other, each with a pause after it as long as it took, so that what takes long leaves as
 * much of a thread's time to everybody else.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();
  #present: { end: () => void; pause: NodeJS.Timeout | undefined } | undefined;
  #isClosed = false;

  /**
   * Resolves when it is the caller's turn, which lasts until `end`.
   *
   * @throws the signal's reason; the turn is then passed on when it comes.
   */
  async take(signal: AbortSignal): Promise<void> {
    const before = this.#last;
    let end = () => {};
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    try {
      await orAborted(before, signal);
    } catch (error) {
      void before.then(end);
      throw error;
    }
    this.#present = { end, pause: undefined };
    if (this.#isClosed) this.close();
  }

  /** The present turn is over, after so long; of no matter when there is none. */
  end(tookMs: number): void {
    const present = this.#present;
    if (!present || present.pause) return;
    if (tookMs < BRIEF_MS || this.#isClosed) this.#pass();
    else present.pause = setTimeout(() => this.#pass(), tookMs).unref();
  }

  /** From now on all turns come at once. */
  close(): void {
    this.#isClosed = true;
    this.#pass();
  }

  #pass(): void {
    clearTimeout(this.#present?.pause);
    this.#present?.end();
    this.#present = undefined;
  }
}

/** @throws what `promise` does, or the signal's reason, which `promise` is not waited for with. */
export async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
