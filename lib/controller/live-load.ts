import { assert } from "@/lib/util/assert";

/**
 * What this process knows of a worker's load beyond its last report. A report counts what ran when it
 * was written; every request begun here since is on top of it, every one ended since is off. And
 * whatever a report says, what runs from here runs.
 */
export class LiveLoad {
  readonly #counts = new Map<string, { inFlight: number; sinceReport: number }>();

  /** Counts a request at a worker until the returned function is called; calling it again does nothing. */
  begin(workerId: string): () => void {
    const counts = this.#counts.get(workerId) ?? { inFlight: 0, sinceReport: 0 };
    this.#counts.set(workerId, counts);
    counts.inFlight += 1;
    counts.sinceReport += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      assert(counts.inFlight > 0, "a request ends at a worker where none runs");
      counts.inFlight -= 1;
      counts.sinceReport -= 1;
      if (counts.inFlight === 0 && counts.sinceReport === 0) this.#forget(workerId, counts);
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

  /** Requests running from here, at one worker or at all. */
  inFlight(workerId?: string): number {
    if (workerId !== undefined) return this.#counts.get(workerId)?.inFlight ?? 0;
    let total = 0;
    for (const counts of this.#counts.values()) total += counts.inFlight;
    return total;
  }

  #forget(workerId: string, counts: { inFlight: number }): void {
    // A new life of the counter may have begun under the same id.
    if (this.#counts.get(workerId) === counts) this.#counts.delete(workerId);
  }
}
