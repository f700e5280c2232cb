import { type ChangeFeed, changeFeed } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import {
  JOB_CLEAN_INTERVAL_MS,
  JOB_POLL_INTERVAL_MS,
  JOB_SLOT_DELAY_MS,
  JOB_STOP_MS_MAX,
  JOB_SUPERVISE_INTERVAL_MS,
} from "@/lib/job-limits";
import { log } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import { processSingleton } from "@/lib/util/process-singleton";
import { settleWithin } from "@/lib/util/settle-within";
import { JobStore, type SendOptions } from "./job-store";
import { runJob } from "./run-job";

/** What a handler is told. The signal ends when the process does, or when another one has taken the job. */
export type Job<Data = unknown> = { data: Data; signal: AbortSignal };

type Kind = {
  name: string;
  handler: (job: Job) => Promise<void>;
  /** Of what recurs. */
  slotSeconds: number | undefined;
  isRunning: boolean;
};

/**
 * Work that outlives a request, kept in the database: any process may do it, one at a time, and what a
 * process leaves undone goes to another one. So a handler may be called again for what it has done already.
 */
export class Jobs {
  readonly #store: JobStore;
  readonly #feed: ChangeFeed | undefined;
  readonly #kinds = new Map<string, Kind>();
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #turnTimer: NodeJS.Timeout | undefined;
  #turning: Promise<void> | undefined;
  #isWoken = false;
  #isStarted = false;
  #hasWarned = false;
  #unhear: (() => void) | undefined;

  constructor({ db, feed }: { db: Database; feed?: ChangeFeed }) {
    this.#store = new JobStore(db);
    this.#feed = feed;
  }

  /** This process does jobs of `name`, one at a time. Their data is what was sent, as JSON keeps it. */
  handle<Data>(name: string, handler: (job: Job<Data>) => Promise<void>): void {
    // What lies in the queue of a name was sent by whoever knows its handler's data.
    this.#add(name, handler as Kind["handler"], undefined);
  }

  /**
   * Runs `handler` once in each `seconds` since 1970, over all processes: 86,400 is each day at 00:00 UTC. What was
   * missed while no process ran is made up once.
   */
  every(name: string, { seconds }: { seconds: number }, handler: (job: Job) => Promise<void>) {
    assert(
      Number.isInteger(seconds) && seconds > 0 && seconds <= 86_400,
      "a slot is a day at most",
    );
    this.#add(name, handler, seconds);
  }

  /** Resolves when the job is stored; one that waits already under this name and key is the same one. */
  async send(name: string, data: object = {}, options: SendOptions = {}): Promise<void> {
    await this.#store.send(name, data, options);
    // The announcement does the same a moment later, and is not heard while the feed is deaf.
    if (options.db === undefined) this.#wake();
  }

  /** Whether one with this key waits or runs, at whichever process. */
  async hasJob(name: string, key: string): Promise<boolean> {
    return this.#store.hasJob(name, key);
  }

  /** Jobs of a name that wait, under whatever key. */
  async countWaiting(name: string): Promise<number> {
    return this.#store.countWaiting(name);
  }

  start(): void {
    if (this.#isStarted || this.#ending.signal.aborted) return;
    this.#isStarted = true;
    this.#unhear = this.#feed?.on("jobs", () => this.#wake());
    this.#repeat(JOB_SUPERVISE_INTERVAL_MS, () => this.#store.expire());
    this.#repeat(JOB_CLEAN_INTERVAL_MS, () => this.#store.clean());
    for (const kind of this.#kinds.values()) this.#askForSlots(kind);
    this.#wake();
  }

  /** What runs is told so and given back; resolves when it has ended or was waited for long enough. */
  async stop(): Promise<void> {
    this.#unhear?.();
    clearTimeout(this.#turnTimer);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#ending.abort(new Error("The process ends."));
    await settleWithin([...this.#running, this.#turning ?? Promise.resolve()], JOB_STOP_MS_MAX);
  }

  #add(name: string, handler: Kind["handler"], slotSeconds: number | undefined): void {
    assert(!this.#kinds.has(name), "a job has one handler");
    const kind = { name, handler, slotSeconds, isRunning: false };
    this.#kinds.set(name, kind);
    if (!this.#isStarted) return;
    this.#askForSlots(kind);
    this.#wake();
  }

  /** Asks for the job of this slot now, and of the next one when that begins. */
  #askForSlots({ name, slotSeconds }: Kind): void {
    if (slotSeconds === undefined || this.#ending.signal.aborted) return;
    const slotMs = slotSeconds * 1_000;
    const ask = async () => {
      await this.#store.send(name, {}, { slotSeconds });
      this.#wake();
    };
    ask().catch((error: unknown) => {
      log.warn({ err: error, job: name }, "job not asked for; it is tried again soon");
      this.#after(JOB_SUPERVISE_INTERVAL_MS, () => ask().catch(() => undefined));
    });
    const untilNextMs = slotMs - (Date.now() % slotMs) + JOB_SLOT_DELAY_MS;
    this.#after(untilNextMs, () => this.#askForSlots(this.#kindOf(name)));
  }

  #kindOf(name: string): Kind {
    const kind = this.#kinds.get(name);
    assert(kind !== undefined, "a job has a handler");
    return kind;
  }

  #after(ms: number, call: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      call();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  #repeat(ms: number, call: () => Promise<void>): void {
    this.#after(ms, () => {
      call()
        .catch((error: unknown) => log.debug({ err: error }, "jobs not looked after"))
        .finally(() => !this.#ending.signal.aborted && this.#repeat(ms, call));
    });
  }

  /** Looks for jobs at once, and again after the look that is under way. */
  #wake(): void {
    if (!this.#isStarted || this.#ending.signal.aborted) return;
    this.#isWoken = true;
    clearTimeout(this.#turnTimer);
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = undefined;
      if (this.#isWoken) this.#wake();
    });
  }

  async #turn(): Promise<void> {
    let nextMs = JOB_POLL_INTERVAL_MS;
    do {
      this.#isWoken = false;
      nextMs = await this.#look();
    } while (this.#isWoken && !this.#ending.signal.aborted);
    if (this.#ending.signal.aborted) return;
    this.#turnTimer = setTimeout(() => this.#wake(), nextMs);
    this.#turnTimer.unref();
  }

  /** Begins what may begin; returns how many ms until it is worth while to look again. */
  async #look(): Promise<number> {
    let nextMs = JOB_POLL_INTERVAL_MS;
    try {
      for (const name of this.#kinds.keys()) await this.#store.openQueue(name);
      for (const [name, inMs] of await this.#store.readWaiting([...this.#kinds.keys()])) {
        if (inMs <= 0) this.#begin(this.#kindOf(name));
        else nextMs = Math.min(nextMs, inMs + 1);
      }
      this.#hasWarned = false;
    } catch (error) {
      if (!this.#hasWarned) log.warn({ err: error }, "jobs not looked for; trying again");
      this.#hasWarned = true;
    }
    return nextMs;
  }

  #begin(kind: Kind): void {
    if (kind.isRunning || this.#ending.signal.aborted) return;
    kind.isRunning = true;
    const running = this.#work(kind).finally(() => {
      kind.isRunning = false;
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  /** Until none of the kind may begin. */
  async #work(kind: Kind): Promise<void> {
    const { name, handler } = kind;
    try {
      while (!this.#ending.signal.aborted) {
        const job = await this.#store.take(name);
        if (job === undefined) return;
        const isKept = kind.slotSeconds !== undefined;
        await runJob({
          store: this.#store,
          name,
          job,
          isKept,
          handler,
          ending: this.#ending.signal,
        });
      }
    } catch (error) {
      log.warn({ err: error, job: name }, "jobs not taken; trying again");
    }
  }
}

/** The jobs of this process. */
export function jobs(): Jobs {
  return processSingleton("jobs", () => new Jobs({ db: database(), feed: changeFeed() }));
}
