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
  const requests: Allowance = { ...NONE };
  const tokens: Allowance = { ...NONE };
  for (const it of limited) {
    allowRequests(requests, it, nowMs);
    allowTokens(tokens, it, nowMs);
  }
  const headers: Record<string, string> = {};
  if (requests.remaining !== NONE.remaining) tell(headers, "requests", requests, { shape, nowMs });
  if (tokens.remaining !== NONE.remaining) tell(headers, "tokens", tokens, { shape, nowMs });
  return headers;
}

/** Leaves more than any limit. */
const NONE: Readonly<Allowance> = { limit: 0, remaining: Number.POSITIVE_INFINITY, resetMs: 0 };

/** Of two that leave as much the first one stays. */
function tighten(least: Allowance, limit: number, used: number, resetMs: () => number): void {
  const remaining = limit - used;
  if (remaining >= least.remaining) return;
  least.limit = limit;
  least.remaining = remaining;
  least.resetMs = resetMs();
}

function allowRequests(least: Allowance, { tally, limits }: LimitedTally, nowMs: number): void {
  const { requestsPerMinute: limit } = limits;
  if (limit === undefined) return;
  const used = lastMinuteUse(tally, "requests", nowMs);
  tighten(least, limit, used, () => untilMinuteUse(tally, "requests", { most: 0, nowMs }));
}

function allowTokens(least: Allowance, { tally, limits }: LimitedTally, nowMs: number): void {
  const { tokensPerMinute, tokensPerDay, tokensPerMonth } = limits;
  if (tokensPerMinute !== undefined) {
    const used = lastMinuteUse(tally, "tokens", nowMs);
    const resetMs = () => untilMinuteUse(tally, "tokens", { most: 0, nowMs });
    tighten(least, tokensPerMinute, used, resetMs);
  }
  const { day, month } = tally;
  if (tokensPerDay !== undefined) {
    tighten(least, tokensPerDay, day.total("tokens"), () => day.endsAtMs - nowMs);
  }
  if (tokensPerMonth !== undefined) {
    tighten(least, tokensPerMonth, month.total("tokens"), () => month.endsAtMs - nowMs);
  }
}

/** Names as they are written: a name that is put together is looked up by V8's slow path each time. */
const NAMES = {
  requests: {
    openai: {
      limit: "x-ratelimit-limit-requests",
      remaining: "x-ratelimit-remaining-requests",
      reset: "x-ratelimit-reset-requests",
    },
    anthropic: {
      limit: "anthropic-ratelimit-requests-limit",
      remaining: "anthropic-ratelimit-requests-remaining",
      reset: "anthropic-ratelimit-requests-reset",
    },
  },
  tokens: {
    openai: {
      limit: "x-ratelimit-limit-tokens",
      remaining: "x-ratelimit-remaining-tokens",
      reset: "x-ratelimit-reset-tokens",
    },
    anthropic: {
      limit: "anthropic-ratelimit-tokens-limit",
      remaining: "anthropic-ratelimit-tokens-remaining",
      reset: "anthropic-ratelimit-tokens-reset",
    },
  },
} as const;

function tell(
  headers: Record<string, string>,
  kind: "requests" | "tokens",
  { limit, remaining, resetMs }: Allowance,
  { shape, nowMs }: { shape: RateLimitShape; nowMs: number },
): void {
  const names = NAMES[kind][shape];
  headers[names.limit] = String(limit);
  headers[names.remaining] = String(Math.max(0, Math.floor(remaining)));
  headers[names.reset] =
    shape === "openai" ? toDuration(resetMs) : toSeconds(nowMs + Math.max(0, resetMs));
}

function toSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
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
