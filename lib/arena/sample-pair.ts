import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import type { Random } from "@/lib/util/random";

export type SampledPair<T> = { a: T; b: T; probability: number };

/**
 * Two different models, every ordered pair equally likely, so that neither side is anybody's. The
 * probability of the very draw is handed back for whoever weighs votes later.
 *
 * @throws AppError `no-worker` when fewer than two are awake.
 */
export function samplePair<T>(awake: readonly T[], random: Random = Math.random): SampledPair<T> {
  const count = awake.length;
  const first = Math.floor(random() * count);
  const other = Math.floor(random() * (count - 1));
  const a = awake[first];
  const b = awake[other < first ? other : other + 1];
  if (a === undefined || b === undefined) throw tooFew(count);
  return { a, b, probability: 1 / (count * (count - 1)) };
}

function tooFew(count: number): AppError {
  const awake = count === 0 ? "no model is awake" : "only one model is awake";
  return new AppError("no-worker", {
    message: `A battle needs two models, and ${awake}. Try again in a moment.`,
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}
