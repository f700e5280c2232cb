import type { Random } from "@/lib/util/random";

export type Candidate = {
  /** Requests running or waiting there. */
  load: number;
  slots: number;
  /** Refused a connection a moment ago. */
  isSuspect: boolean;
};

/**
 * Shortest queue: the least load a slot, ties at random, so that several web processes with the same
 * picture do not all choose the same worker. A suspect is chosen only when there is nobody else.
 */
export function pickWorker<T extends Candidate>(
  candidates: readonly T[],
  random: Random = Math.random,
): T | undefined {
  const trusted = candidates.filter((candidate) => !candidate.isSuspect);
  const pool = trusted.length > 0 ? trusted : candidates;
  const shortest = Math.min(...pool.map(pressure));
  const best = pool.filter((candidate) => pressure(candidate) === shortest);
  return best[Math.floor(random() * best.length)];
}

function pressure({ load, slots }: Candidate): number {
  return load / slots;
}
