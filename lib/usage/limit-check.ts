import { AppError } from "@/lib/errors";
import type { Limits } from "@/lib/protocol/api-key";
import { NANO_DOLLARS_A_DOLLAR } from "./cost";
import { describeSubject } from "./subject";
import { lastMinuteUse, type Tally, type UsageWindow, untilMinuteUse } from "./tally";
import { usageMetrics } from "./usage-metrics";

/** A subject with what limits it. */
export type LimitedTally = { tally: Tally; limits: Limits };

/** Which limit stands in the way and for how long. */
type Refusal = { limit: keyof Limits; tally: Tally; most: number; waitMs: number };

/** When a place becomes free nobody knows; answers take seconds. */
const PLACE_WAIT_MS = 1_000;

/**
 * Whether another request may begin.
 *
 * @returns the limit that keeps longest, or undefined.
 */
export function findRefusal(limited: readonly LimitedTally[], nowMs: number): AppError | undefined {
  let refusals = NONE;
  for (const it of limited) {
    refusals = join(refusals, checkRequests(it, nowMs));
    // The next request uses at least a token.
    refusals = join(refusals, checkTokens(it, nowMs, 1));
  }
  return refusals.length === 0 ? undefined : toError(refusals, nowMs);
}

/**
 * Whether a request under way may go on.
 *
 * @returns the limit that is passed, or undefined.
 */
export function findPassed(limited: readonly LimitedTally[], nowMs: number): AppError | undefined {
  for (const it of limited) {
    const refusals = checkTokens(it, nowMs, 0);
    if (refusals.length > 0) return toError(refusals, nowMs);
  }
  return undefined;
}

/** Nearly always there is nothing, of which no list is made. */
const NONE: readonly Refusal[] = [];

function join(some: readonly Refusal[], more: readonly Refusal[]): readonly Refusal[] {
  if (more.length === 0) return some;
  return some.length === 0 ? more : [...some, ...more];
}

function checkRequests({ tally, limits }: LimitedTally, nowMs: number): readonly Refusal[] {
  let refusals = NONE;
  const { requestsPerMinute, concurrentRequests } = limits;
  if (concurrentRequests !== undefined) {
    if (tally.runningInAll(nowMs) >= concurrentRequests) {
      const most = concurrentRequests;
      refusals = [{ limit: "concurrentRequests", tally, most, waitMs: PLACE_WAIT_MS }];
    }
  }
  if (requestsPerMinute !== undefined) {
    const most = requestsPerMinute;
    const waitMs = untilMinuteUse(tally, "requests", { most: most - 1, nowMs });
    if (waitMs > 0) refusals = [...refusals, { limit: "requestsPerMinute", tally, most, waitMs }];
  }
  return refusals;
}

function checkTokens(
  { tally, limits }: LimitedTally,
  nowMs: number,
  ahead: number,
): readonly Refusal[] {
  let refusals = NONE;
  const { tokensPerMinute, tokensPerDay, tokensPerMonth, dollarsPerDay, dollarsPerMonth } = limits;
  if (tokensPerMinute !== undefined) {
    if (lastMinuteUse(tally, "tokens", nowMs) + ahead > tokensPerMinute) {
      const most = tokensPerMinute - 1;
      const waitMs = untilMinuteUse(tally, "tokens", { most, nowMs });
      refusals = [{ limit: "tokensPerMinute", tally, most: tokensPerMinute, waitMs }];
    }
  }
  const { day, month } = tally;
  const isOver = (most: number | undefined, used: number) =>
    most !== undefined && used + ahead > most;
  const refuse = (limit: keyof Limits, most: number | undefined, window: UsageWindow) => {
    const waitMs = window.endsAtMs - nowMs;
    if (most !== undefined) refusals = [...refusals, { limit, tally, most, waitMs }];
  };
  if (isOver(tokensPerDay, day.total("tokens"))) refuse("tokensPerDay", tokensPerDay, day);
  if (isOver(tokensPerMonth, month.total("tokens"))) {
    refuse("tokensPerMonth", tokensPerMonth, month);
  }
  if (isOver(toNano(dollarsPerDay), day.total("costNanoDollars"))) {
    refuse("dollarsPerDay", dollarsPerDay, day);
  }
  if (isOver(toNano(dollarsPerMonth), month.total("costNanoDollars"))) {
    refuse("dollarsPerMonth", dollarsPerMonth, month);
  }
  return refusals;
}

const toNano = (dollars: number | undefined) =>
  dollars === undefined ? undefined : Math.round(dollars * NANO_DOLLARS_A_DOLLAR);

const count = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 9 });
const plural = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

const WORDS: Record<keyof Limits, (most: number) => string> = {
  requestsPerMinute: (most) => `limit of ${plural(most, "request")} a minute`,
  tokensPerMinute: (most) => `limit of ${plural(most, "token")} a minute`,
  concurrentRequests: (most) => `limit of ${plural(most, "request")} at once`,
  tokensPerDay: (most) => `budget of ${plural(most, "token")} a day`,
  tokensPerMonth: (most) => `budget of ${plural(most, "token")} a month`,
  dollarsPerDay: (most) => `budget of $${count(most)} a day`,
  dollarsPerMonth: (most) => `budget of $${count(most)} a month`,
};

const BUDGETS: ReadonlySet<keyof Limits> = new Set([
  ...(["tokensPerDay", "tokensPerMonth", "dollarsPerDay", "dollarsPerMonth"] as const),
]);

function toError(refusals: readonly Refusal[], nowMs: number): AppError | undefined {
  // The one that keeps longest: after a shorter wait it would only refuse again.
  const [worst] = refusals.toSorted((one, other) => other.waitMs - one.waitMs);
  if (worst === undefined) return undefined;
  const { limit, tally, most, waitMs } = worst;
  usageMetrics.refusals.inc({ limit });
  const what = `The ${WORDS[limit](most)} of ${describeSubject(tally.subject)}`;
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  if (BUDGETS.has(limit)) {
    const begins = new Date(nowMs + waitMs).toISOString().slice(0, 10);
    const message = `${what} is used up. It begins anew on ${begins} at 00:00 UTC.`;
    return new AppError("quota-exceeded", { message, retryAfterSeconds });
  }
  const isPlace = limit === "concurrentRequests";
  const when = isPlace ? "when one of them has ended" : `in ${retryAfterSeconds} s`;
  const message = `${what} is reached. Try again ${when}.`;
  return new AppError("rate-limited", { message, retryAfterSeconds });
}
