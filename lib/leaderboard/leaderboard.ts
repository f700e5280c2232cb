import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type ChangeFeed, changeFeed } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { BOARD_WAIT_MS_MAX, RATING_INTERVAL_MS_MIN, RATING_RETRY_LONGEST_MS } from "@/lib/limits";
import { toBoard } from "@/lib/rating/board";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";
import { log } from "@/lib/telemetry/log";
import { backoffMs } from "@/lib/util/backoff";

import { processSingleton } from "@/lib/util/process-singleton";
import {
  createSnapshot,
  findNewestSnapshot,
  lockBoard,
  readModels,
  readVoteCounts,
  thinSnapshots,
} from "./store";

/** What made the numbers; another one makes every stored board out of date. */
const METHOD = "bradley-terry/1";

/**
 * Keeps the stored board in step with the counted votes. Any process may compute it, one at a time; each
 * computes from all votes, so a computation too many changes nothing and one missed is made up by the
 * next.
 */
export class Leaderboard {
  readonly #db: Database;
  /** Tells when rules change that say who is on the board. */
  readonly #feed: ChangeFeed | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStale = false;
  #isStopped = false;
  #beganMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** Called when a computation has ended that began after they were put here. */
  #waiters: (() => void)[] = [];

  constructor({ db, feed }: { db: Database; feed?: ChangeFeed }) {
    this.#db = db;
    this.#feed = feed;
  }

  /** Computes the board now, unless the newest one holds these very votes. */
  async recompute(): Promise<void> {
    await this.#db.transaction(async (transaction) => {
      await lockBoard(transaction);
      const newest = await findNewestSnapshot(transaction);
      const counts = await readVoteCounts(transaction);
      // Not their number: one may have been taken out while another one came.
      const hidden = await readHiddenIds(transaction);
      const counted = hidden.size === 0 ? counts : { counts, hidden: [...hidden].sort() };
      const fingerprint = createHash("sha256").update(JSON.stringify(counted)).digest("hex");
      if (newest?.fingerprint === fingerprint && newest.method === METHOD) return;
      const voteCount = counts.reduce((sum, row) => sum + row.count, 0);
      const entries = toBoard({ models: [], votes: counts, hidden });
      const id = await createSnapshot(transaction, {
        method: METHOD,
        voteCount,
        fingerprint,
        entries,
      });
      await thinSnapshots(transaction, id);
    });
  }

  /** A vote was counted: the board follows within RATING_INTERVAL_MS_MIN. */
  notifyVote(): void {
    this.#isStale = true;
    this.#schedule(Math.max(0, this.#beganMs + RATING_INTERVAL_MS_MIN - performance.now()));
  }

  /** Like `notifyVote`; resolves when the board holds the vote, or after BOARD_WAIT_MS_MAX. */
  async settleVote(): Promise<void> {
    const computed = new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.notifyVote();
    await Promise.race([computed, delay(BOARD_WAIT_MS_MAX, undefined, { ref: false })]);
  }

  /** Makes up for votes that were counted when no process computed. Returns what stops it. */
  start(): () => Promise<void> {
    this.notifyVote();
    const unhear = this.#feed?.on("arena", () => this.notifyVote());
    return () => {
      unhear?.();
      return this.stop();
    };
  }

  /** Resolves when no computation is under way, and none will be. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped || this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run();
    }, delayMs);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    this.#beganMs = performance.now();
    this.#isStale = false;
    const waiters = this.#waiters.splice(0);
    try {
      await this.recompute();
      this.#failures = 0;
    } catch (error) {
      log.error({ err: error }, "leaderboard not computed");
      this.#failures += 1;
      this.#isStale = true;
    }
    for (const wake of waiters) wake();
    this.#running = undefined;
    if (this.#isStale) this.#schedule(this.#pauseMs());
  }

  #pauseMs(): number {
    if (this.#failures === 0) return RATING_INTERVAL_MS_MIN;
    const limits = { firstMs: RATING_INTERVAL_MS_MIN, longestMs: RATING_RETRY_LONGEST_MS };
    return backoffMs(this.#failures, limits);
  }
}

/** The leaderboard of this process. */
export function leaderboard(): Leaderboard {
  return processSingleton(
    "leaderboard",
    () => new Leaderboard({ db: database(), feed: changeFeed() }),
  );
}

/** Models that only battles draw: they come onto the board when their names do, with all their votes. */
async function readHiddenIds(db: Database): Promise<ReadonlySet<string>> {
  const names = toHiddenModels(await readRules(db));
  if (names.size === 0) return new Set();
  const all = await readModels(db);
  return new Set(all.filter(({ name }) => names.has(name)).map(({ id }) => id));
}
