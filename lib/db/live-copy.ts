import { setImmediate as nextTurn } from "node:timers/promises";
import { AppError, isAppError } from "@/lib/errors";
import {
  LIVE_COPY_AGE_MS_MAX,
  LIVE_COPY_READ_MS_MAX,
  LIVE_COPY_SLOW_WAIT_MS_MAX,
  LIVE_COPY_WAIT_MS_MAX,
} from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import { afterWakingTime } from "@/lib/util/waking-time";
import { LateError, within } from "@/lib/util/within";
import type { ChangeFeed, ChangeTopic } from "./change-feed";

type Reading = {
  done: Promise<void>;
  /** These fail when the reading takes longer than a caller of a silent, or of a slow database waits. */
  soon: Promise<never>;
  slowly: Promise<never>;
};

const NO_ANSWER = "The database gave no answer in time.";

export type LiveCopyOptions<T> = {
  feed: ChangeFeed;
  topic: ChangeTopic;
  /** Reads all of it. */
  read: () => Promise<T>;
  /**
   * What a caller gets when the database can be neither heard nor read: an error, where an old answer
   * would be wrong (a key revoked in between), or what was read last.
   */
  whenAway: "refuse" | "keep";
  now?: () => number;
};

/**
 * A copy in memory of rows that change seldom and are asked for by every request. While the feed is live
 * it is read again only after a change, so that a request costs no round trip. A process that is deaf
 * reads it again when it is older than half a second.
 */
export class LiveCopy<T> {
  readonly #options: LiveCopyOptions<T>;
  readonly #now: () => number;
  #value: { current: T; readMs: number } | undefined;
  /** Counts changes heard; a reading begun before the last of them does not hold it. */
  #changes = 0;
  #readChanges = -1;
  #readMs = Number.NEGATIVE_INFINITY;
  #reading: Reading | undefined;
  /** The database was away when it was last asked. */
  #isStale = false;

  constructor(options: LiveCopyOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    options.feed.on(options.topic, () => {
      this.#changes += 1;
      // At once, so that requests rarely wait for it.
      void this.#refresh().catch(() => {
        // Whoever asks next tries again and hears of it.
      });
    });
  }

  /** The copy when it may be used without asking the database; undefined when `get` must be awaited. */
  peek(): T | undefined {
    return this.#isFresh ? this.#value?.current : undefined;
  }

  /** What was read last, however old; undefined before the first reading. */
  get last(): T | undefined {
    return this.#value?.current;
  }

  /** @throws AppError `unavailable` when the database is away and an old copy will not do. */
  async get(): Promise<T> {
    const askedMs = this.#now();
    // A reading that began after the question answers it, however long it took.
    for (let turn = 0; !this.#isFresh && (turn === 0 || this.#readMs < askedMs); turn++) {
      try {
        await this.#waitForReading();
      } catch (error) {
        const { whenAway, topic } = this.#options;
        if (whenAway === "keep" && this.#value !== undefined) {
          // Every request that waited comes by here.
          if (!this.#isStale)
            log.warn({ err: error, topic }, "not readable; going on with the last copy");
          this.#isStale = true;
          // Not asked again for a while: each attempt is a wait.
          this.#readMs = this.#now();
          break;
        }
        // What was read may be past understanding, which says so itself.
        throw isAppError(error) ? error : away(error);
      }
    }
    assert(this.#value !== undefined, "a reading that did not fail left a value");
    return this.#value.current;
  }

  /** Reads again, however fresh the copy is: after a change made here. */
  async refresh(): Promise<T> {
    this.#changes += 1;
    await this.#refresh();
    return this.get();
  }

  get #isFresh(): boolean {
    if (this.#value === undefined) return false;
    const isCurrent = this.#readChanges === this.#changes;
    const { feed, whenAway } = this.#options;
    if (feed.isLive) return isCurrent;
    const isYoung = this.#now() - this.#readMs < LIVE_COPY_AGE_MS_MAX;
    // Where an old answer would be wrong, a copy that is known to be old is none, however young it is.
    return isYoung && (isCurrent || whenAway === "keep");
  }

  #refresh(): Promise<void> {
    this.#reading ??= this.#startReading();
    return this.#reading.done;
  }

  #startReading(): Reading {
    const late = (ms: number) => {
      let cancel = () => {};
      const promise = new Promise<never>((_, fail) => {
        cancel = afterWakingTime(ms, () => fail(new LateError(NO_ANSWER)));
      });
      promise.catch(() => {
        // Nobody may be waiting for it.
      });
      return { promise, cancel };
    };
    const soon = late(LIVE_COPY_WAIT_MS_MAX);
    const slowly = late(LIVE_COPY_SLOW_WAIT_MS_MAX);
    const done = within(this.#read(), LIVE_COPY_READ_MS_MAX, NO_ANSWER).finally(() => {
      soon.cancel();
      slowly.cancel();
      this.#reading = undefined;
    });
    return { done, soon: soon.promise, slowly: slowly.promise };
  }

  /**
   * A database that hangs holds its first caller up for a while, and those after it not at all. One that
   * carries the feed's pulse is slow and not away; so it may be while a process starts.
   */
  async #waitForReading(): Promise<void> {
    const done = this.#refresh();
    const reading = this.#reading;
    assert(reading !== undefined, "a reading is under way");
    try {
      await Promise.race([done, reading.soon]);
    } catch (error) {
      const isSlow = this.#options.feed.isLive || this.#value === undefined;
      if (!(error instanceof LateError)) throw error;
      if (isSlow) return Promise.race([done, reading.slowly]);
      // What came in the meantime is heard of in the next turn.
      await nextTurn();
      if (this.#reading === reading) throw error;
    }
  }

  async #read(): Promise<void> {
    // Changes end, so this loop does: each turn is one that was heard in the middle of the last.
    do {
      const changes = this.#changes;
      const readMs = this.#now();
      const current = await this.#options.read();
      // A reading that was given up may end after a newer one.
      if (this.#value !== undefined && readMs < this.#value.readMs) return;
      this.#value = { current, readMs };
      this.#readChanges = changes;
      this.#readMs = readMs;
      this.#isStale = false;
    } while (this.#readChanges !== this.#changes);
  }
}

function away(cause: unknown): AppError {
  return new AppError("unavailable", {
    message: "The server's database is away for the moment. Try again in a few seconds.",
    retryAfterSeconds: 2,
    cause,
  });
}
