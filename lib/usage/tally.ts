import { USAGE_PROCESS_STALE_MS } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { endOf, MINUTE_MS, type Period, startOf } from "./period";
import type { Subject } from "./subject";

/** Requests, tokens and nano-dollars; also differences of them, which may be below zero. */
export type Amounts = { requests: number; tokens: number; costNanoDollars: number };
export type Field = keyof Amounts;

const nothing = (): Amounts => ({ requests: 0, tokens: 0, costNanoDollars: 0 });
const isNothing = ({ requests, tokens, costNanoDollars }: Amounts) =>
  requests === 0 && tokens === 0 && costNanoDollars === 0;

/**
 * One minute, day or month of a subject. What all processes used is the sum of three parts: what the
 * database said last, what of this process is on its way there, and what is not yet.
 */
export class UsageWindow {
  readonly subject: Subject;
  readonly period: Period;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** All processes' as the database said last. */
  known = nothing();
  /** Of this process, in a flush that is under way or of which nobody knows whether it arrived. */
  sent = nothing();
  /** Of this process, since. */
  pending = nothing();

  constructor(subject: Subject, period: Period, startsAtMs: number) {
    this.subject = subject;
    this.period = period;
    this.startsAtMs = startsAtMs;
    this.endsAtMs = endOf(period, startsAtMs);
  }

  total(field: Field): number {
    return this.known[field] + this.sent[field] + this.pending[field];
  }

  get isFlushed(): boolean {
    return isNothing(this.sent) && isNothing(this.pending);
  }

  /** What is to be written now; undefined when there is nothing. */
  send(): Amounts | undefined {
    assert(isNothing(this.sent), "one flush at a time");
    if (isNothing(this.pending)) return undefined;
    this.sent = this.pending;
    this.pending = nothing();
    return this.sent;
  }

  /** The flush arrived; `known` holds what was sent. */
  settle(known: Amounts): void {
    this.known = known;
    this.sent = nothing();
  }
}

/** Clocks of machines are put right by less. */
const CLOCK_STEP_MS_MAX = 2 * MINUTE_MS;

/** What one subject has used, in this process and, as of the last flush, in all of them. */
export class Tally {
  readonly subject: Subject;
  /** The minute before `minute`. */
  lastMinute: UsageWindow;
  minute: UsageWindow;
  day: UsageWindow;
  month: UsageWindow;
  /** Requests under way here, and which number of them was last written. */
  running = 0;
  runningWritten = 0;
  #elsewhere = 0;
  isSeeded = false;
  /** When the database was last heard; never, since this was made. */
  #heardMs = Number.NEGATIVE_INFINITY;
  usedAtMs: number;
  /** Windows that ended before all of them was written. */
  readonly #left: UsageWindow[] = [];

  constructor(subject: Subject, nowMs: number) {
    this.subject = subject;
    this.usedAtMs = nowMs;
    this.minute = new UsageWindow(subject, "minute", startOf("minute", nowMs));
    this.lastMinute = new UsageWindow(subject, "minute", this.minute.startsAtMs - MINUTE_MS);
    this.day = new UsageWindow(subject, "day", startOf("day", nowMs));
    this.month = new UsageWindow(subject, "month", startOf("month", nowMs));
  }

  /** What was used before it was limited stands in its windows, which were then read. */
  get isLoaded(): boolean {
    return this.isSeeded && this.#heardMs > Number.NEGATIVE_INFINITY;
  }

  /** The database was heard: so many requests run at the other processes. */
  hear(runningElsewhere: number, nowMs: number): void {
    this.#elsewhere = runningElsewhere;
    this.#heardMs = nowMs;
  }

  /** Requests under way at all processes. What the others said has lapsed when nothing was heard for a while. */
  runningInAll(nowMs: number): number {
    const isFresh = nowMs - this.#heardMs < USAGE_PROCESS_STALE_MS;
    return this.running + (isFresh ? this.#elsewhere : 0);
  }

  add(amounts: Partial<Amounts>, nowMs: number): void {
    this.roll(nowMs);
    this.usedAtMs = nowMs;
    for (const { pending } of [this.minute, this.day, this.month]) {
      pending.requests += amounts.requests ?? 0;
      pending.tokens += amounts.tokens ?? 0;
      pending.costNanoDollars += amounts.costNanoDollars ?? 0;
    }
  }

  /**
   * Lets windows that are over go. A clock that steps back a little changes nothing; one that was set back
   * begins anew, lest a minute of the time to come last until then.
   */
  roll(nowMs: number): void {
    const isSetBack = nowMs < this.minute.startsAtMs - CLOCK_STEP_MS_MAX;
    if (nowMs < this.minute.endsAtMs && !isSetBack) return;
    const minute = new UsageWindow(this.subject, "minute", startOf("minute", nowMs));
    this.#leave(this.lastMinute);
    if (this.minute.endsAtMs === minute.startsAtMs) this.lastMinute = this.minute;
    else {
      this.#leave(this.minute);
      this.lastMinute = new UsageWindow(this.subject, "minute", minute.startsAtMs - MINUTE_MS);
    }
    this.minute = minute;
    this.day = this.#current(this.day, nowMs);
    this.month = this.#current(this.month, nowMs);
  }

  /** Of that period the window of now. */
  #current(window: UsageWindow, nowMs: number): UsageWindow {
    const startsAtMs = startOf(window.period, nowMs);
    if (startsAtMs === window.startsAtMs) return window;
    this.#leave(window);
    return new UsageWindow(this.subject, window.period, startsAtMs);
  }

  /** Windows of which the database is told, those still current and those that ended. */
  windows(): UsageWindow[] {
    return [this.lastMinute, this.minute, this.day, this.month, ...this.#left];
  }

  /** Forgets windows that are over and written. */
  forgetWritten(): void {
    const unwritten = this.#left.filter((window) => !window.isFlushed);
    this.#left.splice(0, this.#left.length, ...unwritten);
  }

  /** Nothing of it is this process's alone. */
  get isFlushed(): boolean {
    const isWritten = this.windows().every((window) => window.isFlushed);
    return isWritten && this.running === 0 && this.runningWritten === 0;
  }

  #leave(window: UsageWindow): void {
    if (window.isFlushed) return;
    // A minute that is over limits nobody, and minutes of a database that is away would pile up.
    if (window.period === "minute" && isNothing(window.sent)) return;
    this.#left.push(window);
  }
}

/**
 * Use within the last 60 seconds, from two aligned minutes: all of the current one, and of the last one
 * the share that the 60 seconds still cover. Unlike a list of moments it is two sums, which processes can
 * add up; unlike a minute alone it lets nobody use twice the limit around its end. It takes the last
 * minute's use for spread evenly, as Cloudflare measured to be wrong for 0.003 % of requests ("How we
 * built rate limiting capable of scaling to millions of domains", 2017).
 */
export function lastMinuteUse({ lastMinute, minute }: Tally, field: Field, nowMs: number): number {
  const elapsed = Math.max(0, nowMs - minute.startsAtMs) / MINUTE_MS;
  return lastMinute.total(field) * Math.max(0, 1 - elapsed) + minute.total(field);
}

/** Milliseconds until that is at most `most`, if nothing more is used. */
export function untilMinuteUse(
  { lastMinute, minute }: Tally,
  field: Field,
  { most, nowMs }: { most: number; nowMs: number },
): number {
  const elapsedMs = Math.max(0, nowMs - minute.startsAtMs);
  const [last, current] = [lastMinute.total(field), minute.total(field)];
  const now = last * Math.max(0, 1 - elapsedMs / MINUTE_MS) + current;
  if (now <= most) return 0;
  if (current <= most) return MINUTE_MS * (1 - (most - current) / last) - elapsedMs;
  return MINUTE_MS - elapsedMs + MINUTE_MS * (1 - most / current);
}
