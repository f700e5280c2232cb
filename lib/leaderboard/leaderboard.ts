import { setTimeout as delay } from "node:timers/promises";
import { type ChangeFeed, changeFeed } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { BOARD_CHECK_SECONDS, SPEED_INTERVAL_SECONDS } from "@/lib/job-limits";
import { type Job, Jobs, jobs } from "@/lib/jobs/jobs";
import { BOARD_WAIT_MS_MAX, RATING_INTERVAL_MS_MIN } from "@/lib/limits";
import { boardKeyText, OVERALL } from "@/lib/protocol/board-key";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { type BoardComputer, BoardEngine } from "./board-engine";
import { keepRequestedBoard, REQUEST_JOB } from "./board-requests";
import { forgetLaterDays, readRestMs } from "./board-store";
import { BoardWorker } from "./board-worker";
import { computeBoards } from "./compute-boards";
import { computePast } from "./compute-past";
import { measureSpeeds } from "./measure-speeds";

const LIVE = boardKeyText(OVERALL);

/** The overall board, a moment after each vote. */
const LIVE_JOB = "board-live";
/** All others that are kept. */
const ALL_JOB = "boards";
/** Days before votes that were moved in. */
const PAST_JOB = "boards-of-the-past";

type Options = {
  db: Database;
  feed?: ChangeFeed;
  /** Of this process; absent: computations are asked for, and done by others. */
  jobs?: Jobs;
  computer?: BoardComputer;
};

/**
 * Keeps the stored boards in step with the counted votes. Any process may compute one, each under its own
 * lock and of all votes of that moment, so a computation too many changes nothing and one missed is made up
 * by the next.
 */
export class Leaderboard {
  readonly #db: Database;
  readonly #feed: ChangeFeed | undefined;
  readonly #jobs: Jobs;
  readonly #computer: BoardComputer;
  #unhear: (() => void) | undefined;
  #beganMs = Number.NEGATIVE_INFINITY;
  /** Called when a computation has ended that began after they were put here. */
  #waiters: (() => void)[] = [];

  constructor({ db, feed, jobs: given, computer }: Options) {
    this.#db = db;
    this.#feed = feed;
    this.#jobs = given ?? new Jobs({ db });
    this.#computer = computer ?? new BoardEngine(db);
  }

  /** Computes the overall board now, and has the others follow. */
  async recompute(): Promise<void> {
    const { isChanged } = await this.#computer.compute(LIVE);
    if (isChanged) await this.#askForAll();
  }

  /** Votes of days that are past were moved in: where models stood on those days follows. */
  async recomputePast(from: Date): Promise<void> {
    await forgetLaterDays(this.#db, from);
    await this.#jobs.send(PAST_JOB);
  }

  /** A vote was counted: the board follows within RATING_INTERVAL_MS_MIN. */
  notifyVote(): void {
    const waitMs = this.#beganMs + RATING_INTERVAL_MS_MIN - performance.now();
    const options = waitMs > 0 ? { startAt: new Date(Date.now() + waitMs) } : {};
    this.#jobs.send(LIVE_JOB, {}, options).catch((error: unknown) => {
      log.warn({ err: error }, "board not asked for; it follows with the next vote or check");
    });
  }

  /** Like `notifyVote`; resolves when the board holds the vote, or after BOARD_WAIT_MS_MAX. */
  async settleVote(): Promise<void> {
    const computed = new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.notifyVote();
    await Promise.race([computed, delay(BOARD_WAIT_MS_MAX, undefined, { ref: false })]);
  }

  /** Does this process's share of computations, those that were missed first. */
  start(): void {
    this.#jobs.handle(LIVE_JOB, ({ signal }) => this.#computeLive(signal));
    this.#jobs.handle(ALL_JOB, ({ signal }) => this.#computeAll(signal));
    this.#jobs.handle<{ key: string }>(REQUEST_JOB, (job) => this.#computeRequested(job));
    this.#jobs.handle(PAST_JOB, ({ signal }) => computePast(this.#db, this.#computer, signal));
    // The first is for votes that nobody told of, the second for periods, which move with the day.
    this.#jobs.every("board-check", { seconds: BOARD_CHECK_SECONDS }, ({ signal }) =>
      this.#computeLive(signal),
    );
    this.#jobs.every("boards-of-the-day", { seconds: 86_400 }, async () => {
      await this.#askForAll();
      await this.#jobs.send(PAST_JOB);
    });
    this.#jobs.every("model-speeds", { seconds: SPEED_INTERVAL_SECONDS }, () =>
      measureSpeeds(this.#db),
    );
    // Who is on the boards and how they are computed are rules of the arena.
    this.#unhear = this.#feed?.on("arena", () => this.#notifyAll());
    this.#notifyAll();
  }

  /** From here on computations are left to other processes. */
  stop(): void {
    this.#unhear?.();
  }

  #notifyAll(): void {
    this.notifyVote();
    this.#askForAll().catch((error: unknown) => {
      log.warn({ err: error }, "boards not asked for; they follow with the next vote");
    });
  }

  async #askForAll(): Promise<void> {
    const waitMs = await readRestMs(this.#db);
    const options = waitMs > 0 ? { startAt: new Date(Date.now() + waitMs) } : {};
    await this.#jobs.send(ALL_JOB, {}, options);
  }

  async #computeLive(signal: AbortSignal): Promise<void> {
    this.#beganMs = performance.now();
    const waiters = this.#waiters.splice(0);
    try {
      const { isChanged } = await this.#computer.compute(LIVE, signal);
      if (isChanged) await this.#askForAll();
    } finally {
      for (const wake of waiters) wake();
    }
  }

  async #computeAll(signal: AbortSignal): Promise<void> {
    const keys = await this.#computer.listKeys(signal);
    await computeBoards(this.#db, this.#computer, { keys, isAll: true, signal });
  }

  async #computeRequested({ data, signal }: Job<{ key: string }>): Promise<void> {
    await computeBoards(this.#db, this.#computer, { keys: [data.key], isAll: false, signal });
    await keepRequestedBoard(this.#db, data.key);
  }
}

/** The leaderboard of this process. */
export function leaderboard(): Leaderboard {
  return processSingleton(
    "leaderboard",
    () =>
      new Leaderboard({
        ...{ db: database(), feed: changeFeed(), jobs: jobs(), computer: new BoardWorker() },
      }),
  );
}
