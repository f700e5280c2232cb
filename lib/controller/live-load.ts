import { assert } from "@/lib/util/assert";

/** A request counted at a worker. Both may be called again, which does nothing. */
export type Counted = {
  /** It runs now and does not wait there any more. */
  started(): void;
  release(): void;
};

type Counts = { inFlight: number; sinceReport: number; ahead: number };

/**
 * What this process knows of a worker's load beyond its last report. A report counts what ran when it
 * was written; every request begun here since is on top of it, every one ended since is off. And
 * whatever a report says, what runs from here runs.
 */
export class LiveLoad {
  readonly #counts = new Map<string, Counts>();

  /** Counts a request at a worker. `isAhead`: it was sent although no slot was known to be free. */
  begin(workerId: string, { isAhead = false } = {}): Counted {
    const counts = this.#counts.get(workerId) ?? { inFlight: 0, sinceReport: 0, ahead: 0 };
    this.#counts.set(workerId, counts);
    counts.inFlight += 1;
    counts.sinceReport += 1;
    let waitsThere = isAhead;
    if (waitsThere) counts.ahead += 1;
    const started = () => {
      if (waitsThere) counts.ahead -= 1;
      waitsThere = false;
    };
    let isOpen = true;
    return {
      started,
      release: () => {
        if (!isOpen) return;
        isOpen = false;
        started();
        assert(counts.inFlight > 0, "a request ends at a worker where none runs");
        counts.inFlight -= 1;
        counts.sinceReport -= 1;
        assert(counts.ahead <= counts.inFlight, "who waits at a worker is there");
        if (counts.inFlight === 0 && counts.sinceReport === 0) this.#forget(workerId, counts);
      },
    };
  }

  /** A newer report of the worker has come. */
  report(workerId: string): void {
    const counts = this.#counts.get(workerId);
    if (counts === undefined) return;
    counts.sinceReport = 0;
    if (counts.inFlight === 0) this.#forget(workerId, counts);
  }

  /** Requests running or waiting at the worker now, as well as can be told from `reported`. */
  estimate(workerId: string, reported: number): number {
    const counts = this.#counts.get(workerId);
    if (counts === undefined) return reported;
    return Math.max(reported + counts.sinceReport, counts.inFlight);
  }

  /** Requests from here that were sent ahead and have not been heard to run. */
  ahead(workerId: string): number {
    return this.#counts.get(workerId)?.ahead ?? 0;
  }

  /** Requests running from here, at one worker or at all. */
  inFlight(workerId?: string): number {
    if (workerId !== undefined) return this.#counts.get(workerId)?.inFlight ?? 0;
    let total = 0;
    for (const counts of this.#counts.values()) total += counts.inFlight;
    return total;
  }

  #forget(workerId: string, counts: Counts): void {
    // A new life of the counter may have begun under the same id.
    if (this.#counts.get(workerId) === counts) this.#counts.delete(workerId);
  }
}
