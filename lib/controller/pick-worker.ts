import { SENT_AHEAD_MAX } from "@/lib/limits";
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
  const pool = toPool(candidates);
  const shortest = Math.min(...pool.map(pressure));
  const best = pool.filter((candidate) => pressure(candidate) === shortest);
  return best[Math.floor(random() * best.length)];
}

export type RoomCandidate = Candidate & {
  id: string;
  /** Requests that may wait there. */
  waitingMax: number;
  /** Requests from here that were sent without a free slot and have not been heard to run. */
  ahead: number;
};

export type RoomWish = {
  /** Taken while it has a free slot, whoever else has more. */
  preferredId?: string | undefined;
  /** Whether, when there are only suspects, one of them is asked. */
  maySuspect: boolean;
  /** For what nobody waits for: a slot is taken only where another one stays free, and none is waited for. */
  leavesRoom?: boolean | undefined;
};

export type RoomPick<T> = { worker: T; isAhead: boolean };

/**
 * Who has a free slot: the preferred one, else the least loaded. When nobody has, one who may be sent a
 * request ahead; it waits at the worker, so that a slot which comes free there never idles for the way
 * from here. That also finds out, by hearing it run, when a load that was reported is over: a report may
 * be five seconds old, and says of others' requests what nobody tells us in between.
 */
export function pickRoom<T extends RoomCandidate>(
  candidates: readonly T[],
  { preferredId, maySuspect, leavesRoom = false }: RoomWish,
  random: Random = Math.random,
): RoomPick<T> | undefined {
  const pool = toPool(candidates);
  if (!maySuspect && pool[0]?.isSuspect) return undefined;
  const free = pool.filter(({ load, slots }) => load < slots);
  if (leavesRoom && free.reduce((sum, { load, slots }) => sum + slots - load, 0) < 2)
    return undefined;
  const preferred = free.find(({ id }) => id === preferredId);
  const worker = preferred ?? pickWorker(free, random);
  if (worker) return { worker, isAhead: false };
  const ready = pickWorker(pool.filter(mayBeSentAhead), random);
  return ready && { worker: ready, isAhead: true };
}

function mayBeSentAhead({ load, slots, waitingMax, ahead }: RoomCandidate): boolean {
  const most = Math.min(SENT_AHEAD_MAX, waitingMax);
  return load < slots + most || ahead < most;
}

function toPool<T extends Candidate>(candidates: readonly T[]): readonly T[] {
  const trusted = candidates.filter((candidate) => !candidate.isSuspect);
  return trusted.length > 0 ? trusted : candidates;
}

function pressure({ load, slots }: Candidate): number {
  return load / slots;
}
