import { ANSWER_TOKENS_EXPECTED } from "@/lib/fleet-limits";
import type { LiveLoadReport } from "@/lib/protocol/registration";
import { assert } from "@/lib/util/assert";

/** A request counted at a worker. All may be called again, which does nothing. */
export type Counted = {
  /** It runs now and does not wait there any more. */
  started(): void;
  /** The worker has told its load without this request, whose end it tells. */
  left(): void;
  release(): void;
};

export type Estimate = {
  /** Requests running or waiting there. */
  load: number;
  /** What they have still to read and write, as tokens written. */
  outstandingTokens: number;
  tokensPerSecond: number | undefined;
  /** What each request got of these. */
  tokensPerRequestSecond?: number | undefined;
};

type Counts = {
  inFlight: number;
  sinceReport: number;
  tokensSinceReport: number;
  ahead: number;
  /** Reports that have come. */
  reports: number;
};
/** Only a long prompt, or one that writes all it may, comes to so much. */
const UNUSUAL_TOKENS = 2 * ANSWER_TOKENS_EXPECTED;
/** Of what is usual, how much the latest word counts at least. */
const NEWS_SHARE_MIN = 1 / 64;

type Told = { load: LiveLoadReport; atMs: number };

/**
 * What this process knows of a worker's load beyond its last report. A report counts what ran when it was
 * written; every request begun here since is on top of it, every one ended since is off. And whatever a
 * report says, what runs from here runs. Reports come with beats, and with every start and end of an answer
 * from here: these tell of other processes' requests too, a moment ago. What is on its way while a report
 * is written may be missed until the next, which its own start brings.
 */
export class LiveLoad {
  /** Kept until the worker is gone: see Roster for what a map takes that becomes empty with each request. */
  readonly #counts = new Map<string, Counts>();
  /** What came with answers, where it is newer than what came with a beat. */
  readonly #told = new Map<string, Told>();
  #usualTokens: number = ANSWER_TOKENS_EXPECTED;
  #loadsTold = 0;

  /** Counts a request at a worker. `isAhead`: it was sent although no slot was known to be free. */
  begin(workerId: string, { isAhead = false, tokens = 0 } = {}): Counted {
    const counts = this.#countsOf(workerId);
    counts.inFlight += 1;
    counts.sinceReport += 1;
    counts.tokensSinceReport += tokens;
    const { reports } = counts;
    let waitsThere = isAhead;
    if (waitsThere) counts.ahead += 1;
    const started = () => {
      if (waitsThere) counts.ahead -= 1;
      waitsThere = false;
    };
    let isOpen = true;
    let isLeft = false;
    return {
      started,
      left: () => {
        isLeft = true;
      },
      release: () => {
        if (!isOpen) return;
        isOpen = false;
        started();
        assert(counts.inFlight > 0, "a request ends at a worker where none runs");
        counts.inFlight -= 1;
        if (!isLeft) counts.sinceReport -= 1;
        // What a report has told of it, the next one will take off.
        if (counts.reports === reports) counts.tokensSinceReport -= tokens;
        assert(counts.ahead <= counts.inFlight, "who waits at a worker is there");
        // Not what sums of fractions leave over.
        if (counts.inFlight === 0 && counts.sinceReport === 0) counts.tokensSinceReport = 0;
      },
    };
  }

  /** A beat of the worker has come, heard at `heardMs`. False when answers have told something newer. */
  report(workerId: string, heardMs = Number.POSITIVE_INFINITY): boolean {
    const told = this.#told.get(workerId);
    if (told !== undefined && told.atMs > heardMs) return false;
    this.#told.delete(workerId);
    this.#clear(workerId);
    return true;
  }

  /** The worker has told its load with an answer. */
  tell(workerId: string, load: LiveLoadReport, nowMs: number): void {
    this.#told.set(workerId, { load, atMs: nowMs });
    this.#clear(workerId);
    const requests = load.running + load.waiting;
    if (load.outstandingTokens === undefined || requests === 0) return;
    this.#loadsTold += 1;
    const share = Math.max(NEWS_SHARE_MIN, 1 / this.#loadsTold);
    this.#usualTokens += (load.outstandingTokens / requests - this.#usualTokens) * share;
  }

  /**
   * What a request will have to read and write: `guessed` from the request alone, held to what requests at
   * workers had before them of late. Weighed by a guess that is too high, a worker which once was slow would
   * be left idle. One that says that it is unusual is taken at its word.
   */
  workOf(guessed: number): number {
    return guessed > UNUSUAL_TOKENS ? guessed : Math.min(guessed, this.#usualTokens);
  }

  /** Forgets whoever is not there any more. */
  keep(workerIds: ReadonlySet<string>): void {
    for (const id of this.#told.keys()) if (!workerIds.has(id)) this.#told.delete(id);
    for (const [id, { inFlight }] of this.#counts) {
      if (!workerIds.has(id) && inFlight === 0) this.#counts.delete(id);
    }
  }

  /** How things stand at the worker now, as well as can be told from its last beat. */
  estimate(workerId: string, beat: LiveLoadReport): Estimate {
    const told = this.#told.get(workerId)?.load ?? beat;
    const { running, waiting, outstandingTokens, tokensPerSecond, tokensPerRequestSecond } = told;
    const reported = running + waiting;
    const counts = this.#counts.get(workerId);
    const load =
      counts === undefined ? reported : Math.max(reported + counts.sinceReport, counts.inFlight);
    // Where nothing is told of tokens, each request counts for an answer of usual length.
    const tokens =
      outstandingTokens === undefined
        ? load * ANSWER_TOKENS_EXPECTED
        : outstandingTokens + (counts?.tokensSinceReport ?? 0);
    return { load, outstandingTokens: tokens, tokensPerSecond, tokensPerRequestSecond };
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

  #countsOf(workerId: string): Counts {
    const known = this.#counts.get(workerId);
    if (known !== undefined) return known;
    const counts = { inFlight: 0, sinceReport: 0, tokensSinceReport: 0, ahead: 0, reports: 0 };
    this.#counts.set(workerId, counts);
    return counts;
  }

  #clear(workerId: string): void {
    const counts = this.#counts.get(workerId);
    if (counts === undefined) return;
    counts.reports += 1;
    counts.sinceReport = 0;
    counts.tokensSinceReport = 0;
  }
}
