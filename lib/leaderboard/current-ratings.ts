import { type Database, database } from "@/lib/db/client";
import { RATINGS_AGE_MS_MAX } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { readSnapshot } from "./read-snapshot";

export type Ratings = ReadonlyMap<string, number>;

/**
 * The ratings of the newest board by model, without those that have too few votes. Kept in memory and read
 * again beside the request that finds them old, so that none but the first waits for the database.
 */
export class CurrentRatings {
  readonly #read: () => Promise<Ratings>;
  readonly #now: () => number;
  #ratings: Ratings | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(db: Database, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#read = async () => {
      const { entries } = await readSnapshot({ awake: [] }, db);
      return new Map(
        entries.flatMap(({ model, rating }) => (rating === null ? [] : [[model, rating]])),
      );
    };
  }

  async get(): Promise<Ratings> {
    if (this.#now() - this.#readMs > RATINGS_AGE_MS_MAX) {
      this.#reading ??= this.#refresh().finally(() => {
        this.#reading = undefined;
      });
    }
    if (this.#ratings === undefined) await this.#reading;
    return this.#ratings ?? new Map();
  }

  async #refresh(): Promise<void> {
    // Also after a failure: the next attempt is as far off as after a success.
    this.#readMs = this.#now();
    try {
      this.#ratings = await this.#read();
    } catch (error) {
      log.warn({ err: error }, "ratings not readable; going on with the last ones");
    }
  }
}

/** The ratings as this process knows them. */
export function currentRatings(): CurrentRatings {
  return processSingleton("current-ratings", () => new CurrentRatings(database()));
}
