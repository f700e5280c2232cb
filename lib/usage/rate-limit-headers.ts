import type { LimitedTally } from "./limit-check";
import { lastMinuteUse, untilMinuteUse } from "./tally";

/** What a caller is told of its limits with every answer, in the words of the API that it speaks. */

export type RateLimitShape = "openai" | "anthropic";

type Allowance = { limit: number; remaining: number; resetMs: number };

/**
 * Of all limits of a kind the one that leaves least; budgets of tokens count with the minute's. Reset is
 * when the whole limit is free again, as OpenAI's reference has it ("Rate limits in headers").
 *
 * @returns no header where nothing is limited.
 */
export function toRateLimitHeaders(
  limited: readonly LimitedTally[],
  { shape, nowMs }: { shape: RateLimitShape; nowMs: number },
): Record<string, string> {
  const requests = tightest(limited.flatMap((it) => requestAllowances(it, nowMs)));
  const tokens = tightest(limited.flatMap((it) => tokenAllowances(it, nowMs)));
  return {
    ...(requests && toHeaders("requests", requests, { shape, nowMs })),
    ...(tokens && toHeaders("tokens", tokens, { shape, nowMs })),
  };
}

function requestAllowances({ tally, limits }: LimitedTally, nowMs: number): Allowance[] {
  const { requestsPerMinute: limit } = limits;
  if (limit === undefined) return [];
  const used = lastMinuteUse(tally, "requests", nowMs);
  const resetMs = untilMinuteUse(tally, "requests", { most: 0, nowMs });
  return [{ limit, remaining: limit - used, resetMs }];
}

function tokenAllowances({ tally, limits }: LimitedTally, nowMs: number): Allowance[] {
  const allowances: Allowance[] = [];
  const { tokensPerMinute, tokensPerDay, tokensPerMonth } = limits;
  if (tokensPerMinute !== undefined) {
    const used = lastMinuteUse(tally, "tokens", nowMs);
    const resetMs = untilMinuteUse(tally, "tokens", { most: 0, nowMs });
    allowances.push({ limit: tokensPerMinute, remaining: tokensPerMinute - used, resetMs });
  }
  for (const [limit, window] of [
    [tokensPerDay, tally.day],
    [tokensPerMonth, tally.month],
  ] as const) {
    if (limit === undefined) continue;
    const resetMs = window.endsAtMs - nowMs;
    allowances.push({ limit, remaining: limit - window.total("tokens"), resetMs });
  }
  return allowances;
}

function tightest(allowances: readonly Allowance[]): Allowance | undefined {
  return allowances.toSorted((one, other) => one.remaining - other.remaining)[0];
}

function toHeaders(
  kind: "requests" | "tokens",
  { limit, remaining, resetMs }: Allowance,
  { shape, nowMs }: { shape: RateLimitShape; nowMs: number },
): Record<string, string> {
  const left = String(Math.max(0, Math.floor(remaining)));
  if (shape === "openai") {
    return {
      [`x-ratelimit-limit-${kind}`]: String(limit),
      [`x-ratelimit-remaining-${kind}`]: left,
      [`x-ratelimit-reset-${kind}`]: toDuration(resetMs),
    };
  }
  return {
    [`anthropic-ratelimit-${kind}-limit`]: String(limit),
    [`anthropic-ratelimit-${kind}-remaining`]: left,
    [`anthropic-ratelimit-${kind}-reset`]: new Date(nowMs + Math.max(0, resetMs))
      .toISOString()
      .replace(/\.\d+Z$/, "Z"),
  };
}

/** `20ms`, `1.5s`, `6m0s`, `23h59m2s`, as Go writes durations, which is what OpenAI sends. */
export function toDuration(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms));
  if (whole < 1_000) return `${whole}ms`;
  if (whole < 60_000) return `${whole / 1_000}s`;
  const seconds = Math.ceil(whole / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${seconds % 60}s`;
}
