import {
  PAIR_SCORES_AGE_MS,
  PAIR_SCORES_FIRST_WAIT_MS,
  PAIR_SCORES_REST,
} from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { readVoteCounts } from "@/lib/leaderboard/store";
import { toScore } from "@/lib/rating/outcome";
import { log } from "@/lib/telemetry/log";
import { settleWithin } from "@/lib/util/settle-within";
import type { PairScores } from "./active-pairs";

/** Counted votes of each two models, by `toPairKey` of their ids. */
export type AllPairScores = ReadonlyMap<string, PairScores>;

const NEVER_MET: PairScores = { count: 0, sum: 0, squares: 0 };

/**
 * What was voted on each two models, as of some seconds ago: a draw asks no database. It is read again in
 * the background after it was asked for, so that an arena where nobody is reads nothing, and rests after a
 * reading for many times what that took, so that a great number of votes does not make it the database's
 * main work.
 */
export class PairScoresCopy {
  readonly #db: Database;
  readonly #now: () => number;
  #current: AllPairScores | undefined;
  #reading: Promise<void> | undefined;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(db: Database, now: () => number = () => performance.now()) {
    this.#db = db;
    this.#now = now;
  }

  /** Waits for the first reading alone, and not long; undefined when there was none yet. */
  async get(): Promise<AllPairScores | undefined> {
    if (this.#now() >= this.#nextMs) this.#reading ??= this.#read();
    if (this.#current === undefined && this.#reading !== undefined)
      await settleWithin([this.#reading], PAIR_SCORES_FIRST_WAIT_MS);
    return this.#current;
  }

  async #read(): Promise<void> {
    const beganMs = this.#now();
    try {
      this.#current = toPairScores(await readVoteCounts(this.#db));
    } catch (error) {
      log.warn({ err: error }, "votes of pairs not read; drawing goes on by what was read last");
    }
    const tookMs = this.#now() - beganMs;
    this.#nextMs = this.#now() + Math.max(PAIR_SCORES_AGE_MS, tookMs * PAIR_SCORES_REST);
    this.#reading = undefined;
  }
}

export function scoresOf(all: AllPairScores, one: string, other: string): PairScores {
  return all.get(toPairKey(one, other)) ?? NEVER_MET;
}

function toPairScores(rows: Awaited<ReturnType<typeof readVoteCounts>>): AllPairScores {
  const all = new Map<string, PairScores>();
  for (const { modelA, modelB, outcome, count } of rows) {
    const key = toPairKey(modelA, modelB);
    const before = all.get(key) ?? NEVER_MET;
    // Always of the same one of the two, whichever side it was on.
    const score = modelA < modelB ? toScore(outcome) : 1 - toScore(outcome);
    all.set(key, {
      count: before.count + count,
      sum: before.sum + count * score,
      squares: before.squares + count * score * score,
    });
  }
  return all;
}

function toPairKey(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
