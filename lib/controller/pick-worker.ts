import { SENT_AHEAD_MAX } from "@/lib/fleet-limits";
import type { Random } from "@/lib/util/random";
import { least } from "./policies/least";

export type Candidate = {
  /** Requests running or waiting there. */
  load: number;
  slots: number;
  /** Its breaker is open. */
  isOpen: boolean;
  /** And it beat since. */
  hasBeaten?: boolean;
};

/**
 * Shortest queue: the least load a slot, ties at random, so that several web processes with the same
 * picture do not all choose the same worker. One whose breaker is open is chosen only when there is nobody else.
 */
export function pickWorker<T extends Candidate>(
  candidates: readonly T[],
  random: Random = Math.random,
): T | undefined {
  return least(toPool(candidates), ({ load, slots }) => load / slots, random);
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
  /** Whether, when there are only workers whose breaker is open, one that has not beaten since is asked. */
  maySuspect: boolean;
  /** For what nobody waits for: a slot is taken only where another one stays free, and none is waited for. */
  leavesRoom?: boolean | undefined;
};

/** Chooses one of `among`, which is not empty, of all that could serve. */
export type Choose<T> = (among: readonly T[], all: readonly T[]) => T;

export type RoomPick<T> = { worker: T; isAhead: boolean };

/**
 * Who has a free slot: the preferred one, else whom `choose` chooses. When nobody has, one who may be sent a
 * request ahead; it waits at the worker, so that a slot which comes free there never idles for the way
 * from here. That also finds out, by hearing it run, when a load that was reported is over: a report may
 * be five seconds old, and says of others' requests what nobody tells us in between.
 */
export function pickRoom<T extends RoomCandidate>(
  candidates: readonly T[],
  { preferredId, maySuspect, leavesRoom = false }: RoomWish,
  choose: Choose<T>,
): RoomPick<T> | undefined {
  const all = toPool(candidates);
  const pool = maySuspect ? all : all.filter((it) => !it.isOpen || it.hasBeaten === true);
  const free = pool.filter(({ load, slots }) => load < slots);
  if (leavesRoom && free.reduce((sum, { load, slots }) => sum + slots - load, 0) < 2)
    return undefined;
  const preferred = free.find(({ id }) => id === preferredId);
  if (preferred) return { worker: preferred, isAhead: false };
  if (free.length > 0) return { worker: choose(free, all), isAhead: false };
  const ready = pool.filter(mayBeSentAhead);
  return ready.length > 0 ? { worker: choose(ready, all), isAhead: true } : undefined;
}

function mayBeSentAhead({ load, slots, waitingMax, ahead }: RoomCandidate): boolean {
  const most = Math.min(SENT_AHEAD_MAX, waitingMax);
  return load < slots + most || ahead < most;
}

function toPool<T extends Candidate>(candidates: readonly T[]): readonly T[] {
  const closed = candidates.filter((candidate) => !candidate.isOpen);
  return closed.length > 0 ? closed : candidates;
}
