import {
  BREAKER_FAULT_SHARE_MAX,
  BREAKER_FAULTS_MAX,
  BREAKER_OPEN_MS,
  BREAKER_OPEN_MS_MAX,
  BREAKER_SHARE_REQUESTS_MIN,
  BREAKER_SHARE_WINDOW_MS,
} from "@/lib/fleet-limits";

export type BreakerState = "closed" | "open" | "half-open";

/** `gone`: it was not reached, or was silent. `fault`: it spoke nonsense, failed, or broke off in the middle. */
export type Failing = { kind: "gone" | "fault"; reason: string };

/** What keepers see of it. */
export type BreakerView = {
  state: BreakerState;
  /** Why it is not closed, in a sentence. */
  reason?: string;
  /** For how long it has not been closed. */
  sinceMs?: number;
  /** Until it lets a request through. */
  opensInMs?: number;
  /** Faults in a row. */
  failures: number;
};

export type BreakerLimits = { faultsMax: number; openMs: number; openMsMax: number };

const LIMITS: BreakerLimits = {
  faultsMax: BREAKER_FAULTS_MAX,
  openMs: BREAKER_OPEN_MS,
  openMsMax: BREAKER_OPEN_MS_MAX,
};

/** Of all breakers, so that no trial of a forgotten one is taken for another's. */
let lastTrial = 0;

/** The breaker of a worker that has not failed lately. */
export const CLOSED: BreakerView = { state: "closed", failures: 0 };

/**
 * Keeps requests from a worker that failed them (Nygard, "Release It!", 2007). Closed it counts. Open it is
 * passed over, unless there is nobody else, each time for twice as long. Half-open one request finds out.
 * Who comes through that closes it on probation: the next fault opens it again, a whole answer forgets all.
 * Only faults of the worker are told here, never a client's, nor that it was full.
 */
export class CircuitBreaker {
  readonly #limits: BreakerLimits;
  #isClosed = true;
  #openUntilMs = 0;
  #sinceMs = 0;
  #failing: Failing | undefined;
  #inARow = 0;
  /** How often it opened without a whole answer in between. */
  #trips = 0;
  /** The request that finds out; 0 for none. */
  #trial = 0;
  #hasBeaten = false;
  /** Requests and those that failed, old ones counting ever less. */
  #recent = { requests: 0, faults: 0, atMs: 0 };

  constructor(limits: Partial<BreakerLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  stateAt(nowMs: number): BreakerState {
    if (this.#isClosed) return "closed";
    return nowMs < this.#openUntilMs ? "open" : "half-open";
  }

  /** A request finds out whether it serves again, and none beside it. */
  get isTrying(): boolean {
    return this.#trial !== 0;
  }

  /** It beat since it opened: asked first when there are only open ones. */
  get hasBeaten(): boolean {
    return this.#hasBeaten;
  }

  /** Whether nothing is to be remembered of it. */
  get isForgettable(): boolean {
    return this.#isClosed && this.#inARow === 0 && this.#trips === 0;
  }

  view(nowMs: number): BreakerView {
    const state = this.stateAt(nowMs);
    const failures = this.#inARow;
    if (state === "closed") return { state, failures };
    const sinceMs = Math.round(nowMs - this.#sinceMs);
    const opensInMs = Math.max(0, Math.round(this.#openUntilMs - nowMs));
    return { state, failures, sinceMs, opensInMs, reason: this.#failing?.reason ?? "" };
  }

  /** A request goes there. The number of its trial where it is the one that finds out, else 0. */
  begin(): number {
    if (this.#isClosed || this.isTrying) return 0;
    lastTrial += 1;
    this.#trial = lastTrial;
    return lastTrial;
  }

  /** A request is over, whatever it found. */
  end(trial: number): void {
    if (this.#trial === trial) this.#trial = 0;
  }

  /** It failed a request. True when it opens with this. */
  failed(failing: Failing, { trial, nowMs }: { trial: number; nowMs: number }): boolean {
    this.#count(nowMs, 1);
    this.#inARow += 1;
    // What was under way as it opened says nothing new, however much it was.
    if (!this.#isClosed && !this.#isTrial(trial)) return false;
    const { faultsMax } = this.#limits;
    const isOver = failing.kind === "gone" || this.#inARow >= faultsMax || this.#failsOften();
    if (this.#isClosed && !isOver) return false;
    this.#open(failing, nowMs);
    return true;
  }

  /** A request was heard to run there: the first sign of life of one that was gone, or the trial's good end. True when it closes. */
  succeeded(trial: number): boolean {
    if (this.#isClosed || (!this.#isTrial(trial) && this.#failing?.kind === "fault")) return false;
    this.#isClosed = true;
    this.#trial = 0;
    this.#inARow = this.#limits.faultsMax - 1;
    return true;
  }

  /** An answer came whole. */
  finished(nowMs: number): void {
    this.#count(nowMs, 0);
    if (!this.#isClosed) return;
    this.#inARow = 0;
    this.#trips = 0;
  }

  /** A beat came: it lives, which does not say that it is reached from here. */
  beat(): void {
    this.#hasBeaten = true;
  }

  /** It was asked, and answers: one request finds out at once. Of its faults an answer says nothing. */
  answered(nowMs: number): void {
    if (this.#failing?.kind === "gone") this.#openUntilMs = Math.min(this.#openUntilMs, nowMs);
  }

  #isTrial(trial: number): boolean {
    return trial !== 0 && trial === this.#trial;
  }

  #open(failing: Failing, nowMs: number): void {
    if (this.#isClosed) this.#sinceMs = nowMs;
    const { openMs, openMsMax } = this.#limits;
    this.#isClosed = false;
    this.#failing = failing;
    this.#hasBeaten = false;
    this.#trial = 0;
    this.#openUntilMs = nowMs + Math.min(openMs * 2 ** Math.min(this.#trips, 30), openMsMax);
    this.#trips += 1;
    this.#recent = { requests: 0, faults: 0, atMs: nowMs };
  }

  #count(nowMs: number, faults: number): void {
    const { requests, faults: before, atMs } = this.#recent;
    const stays = Math.exp(-(nowMs - atMs) / BREAKER_SHARE_WINDOW_MS);
    this.#recent = { requests: requests * stays + 1, faults: before * stays + faults, atMs: nowMs };
  }

  #failsOften(): boolean {
    const { requests, faults } = this.#recent;
    return requests >= BREAKER_SHARE_REQUESTS_MIN && faults / requests >= BREAKER_FAULT_SHARE_MAX;
  }
}
