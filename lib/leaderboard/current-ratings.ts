import { type Database, database } from "@/lib/db/client";
import { models } from "@/lib/db/schema/models";
import { RATINGS_AGE_MS_MAX } from "@/lib/limits";
import { boardKeyText, OVERALL } from "@/lib/protocol/board-key";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { findBoard } from "./stored-boards";

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
    this.#read = () => readRatings(db);
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

async function readRatings(db: Database): Promise<Ratings> {
  const [board, names] = await Promise.all([
    findBoard(db, boardKeyText(OVERALL)),
    db.select({ id: models.id, name: models.name }).from(models),
  ]);
  const nameOf = new Map(names.map(({ id, name }) => [id, name]));
  return new Map(
    (board?.body.entries ?? []).flatMap(({ modelId, rating }) => {
      const name = nameOf.get(modelId);
      return rating === null || name === undefined ? [] : [[name, rating]];
    }),
  );
}

/** The ratings as this process knows them. */
export function currentRatings(): CurrentRatings {
  return processSingleton("current-ratings", () => new CurrentRatings(database()));
}
