import { sql } from "drizzle-orm";
import PgBoss from "pg-boss";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import {
  JOB_EXPIRE_SECONDS,
  JOB_KEPT_SECONDS,
  JOB_RETENTION_MINUTES,
  JOB_RETRIES_MAX,
  JOB_RETRY_SECONDS,
} from "@/lib/job-limits";
import { log } from "@/lib/telemetry/log";
import { isDuplicate, toJobDatabase } from "./job-database";

/** Of pg-boss's own tables, apart from ours; it makes and changes them by itself when a process starts. */
const SCHEMA = "pgboss";
/** Any number that no other lock of this database uses. */
const QUEUE_LOCK = 0x6a6f_6273;

/** What may be said of a job that is sent. */
export type SendOptions = {
  /** Of jobs with one name and one key one waits and one runs at most. */
  key?: string | undefined;
  /** Not before. */
  startAt?: Date | undefined;
  /** A transaction: the job exists when it commits. */
  db?: Database | undefined;
};

export type StoredJob = { id: string; data: unknown };

/**
 * The statements about jobs, which are pg-boss's. Its own loops are left off: they hold the end of a job for
 * nobody to await, so that a database that is away at that moment ends the process by an unhandled rejection
 * (10.4.2, manager.js, `onFetch`), and they take an error for an empty queue.
 */
export class JobStore {
  readonly #db: Database;
  readonly #boss: PgBoss;
  readonly #queues = new Set<string>();
  #opening: Promise<unknown> | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#boss = new PgBoss({
      ...{ db: toJobDatabase(db), schema: SCHEMA, supervise: false, schedule: false },
      ...{ archiveCompletedAfterSeconds: JOB_KEPT_SECONDS, deleteAfterSeconds: JOB_KEPT_SECONDS },
    });
    this.#boss.on("error", (error) => log.warn({ err: error }, "jobs: the store has a fault"));
  }

  /** Makes the tables where there are none; processes that start together may all call it. */
  async open(): Promise<void> {
    this.#opening ??= this.#boss.start().catch((error: unknown) => {
      // The next one tries again.
      this.#opening = undefined;
      throw error;
    });
    await this.#opening;
  }

  /** Makes the queue of `name` where there is none. */
  async openQueue(name: string): Promise<void> {
    if (this.#queues.has(name)) return;
    await this.open();
    if ((await this.#boss.getQueue(name)) === null) await this.#createQueue(name);
    this.#queues.add(name);
  }

  /** By the function that pg-boss has for it: a transaction that waits here must need no second connection. */
  async #createQueue(name: string): Promise<void> {
    // One waits, one runs, of each key.
    const options = {
      ...{ policy: "stately", expireInSeconds: JOB_EXPIRE_SECONDS },
      ...{ retryLimit: JOB_RETRIES_MAX, retryDelay: JOB_RETRY_SECONDS, retryBackoff: true },
      retentionMinutes: JOB_RETENTION_MINUTES,
    };
    await this.#db.transaction(async (db) => {
      // A queue is a partition: two processes that attach theirs at once may wait for each other.
      await db.execute(sql`select pg_advisory_xact_lock(${QUEUE_LOCK})`);
      const schema = sql.identifier(SCHEMA);
      await db.execute(
        sql`select ${schema}.create_queue(${name}, ${JSON.stringify(options)}::json)`,
      );
    });
  }

  /** @param slotSeconds at most one in each such time since 1970, ended ones counted. */
  async send(
    name: string,
    data: object,
    options: SendOptions & { slotSeconds?: number },
  ): Promise<void> {
    const { key, startAt, db = this.#db, slotSeconds } = options;
    await this.openQueue(name);
    const id = await this.#boss.send(name, data, {
      ...{ db: toJobDatabase(db), ...(key !== undefined && { singletonKey: key }) },
      ...(startAt && { startAfter: startAt }),
      ...(slotSeconds !== undefined && { singletonSeconds: slotSeconds }),
    });
    if (id !== null) await announce(db, "jobs");
  }

  /** By name, how many ms until the earliest waiting job may begin; 0 or less: now. */
  async readWaiting(names: readonly string[]): Promise<Map<string, number>> {
    if (names.length === 0) return new Map();
    const rows = await this.#db.execute(sql`
      select name, extract(epoch from min(start_after) - now()) * 1000 as "inMs"
      from ${sql.identifier(SCHEMA)}.job
      where state < 'active' and name in ${[...names]} group by name`);
    return new Map(rows.map((row) => [String(row.name), Number(row.inMs)]));
  }

  /** Whether one with this key waits or runs. */
  async hasJob(name: string, key: string): Promise<boolean> {
    await this.openQueue(name);
    const rows = await this.#db.execute(sql`
      select 1 from ${sql.identifier(SCHEMA)}.job
      where name = ${name} and singleton_key = ${key} and state <= 'active' limit 1`);
    return rows.length > 0;
  }

  async countWaiting(name: string): Promise<number> {
    await this.openQueue(name);
    return this.#boss.getQueueSize(name);
  }

  /** The next waiting job, from here on this process's; undefined where there is none, or another process has its twin. */
  async take(name: string): Promise<StoredJob | undefined> {
    const database = toJobDatabase(this.#db);
    const failures: unknown[] = [];
    const watched: PgBoss.Db = {
      async executeSql(text, values) {
        try {
          return await database.executeSql(text, values);
        } catch (error) {
          failures.push(error);
          throw error;
        }
      },
    };
    // It takes every error for a twin that is running.
    const [job] = await this.#boss.fetch<unknown>(name, { db: watched });
    const failure = failures.find((error) => !isDuplicate(error));
    if (failure !== undefined) throw failure;
    return job && { id: job.id, data: job.data };
  }

  /** Whether the job is still this process's, which is at it. */
  async beat(name: string, id: string): Promise<boolean> {
    const rows = await this.#db.execute(sql`
      update ${sql.identifier(SCHEMA)}.job set started_on = now()
      where name = ${name} and id = ${id} and state = 'active' returning id`);
    return rows.length > 0;
  }

  /** @param isKept its row tells that its slot is over; of others nothing stays. */
  async end(name: string, id: string, isKept: boolean): Promise<void> {
    if (isKept) await this.#boss.complete(name, id);
    else await this.#boss.deleteJob(name, id);
  }

  async fail(name: string, id: string, error: unknown): Promise<void> {
    await this.#boss.fail(name, id, { message: String(error) });
  }

  /** Gives jobs of processes that are gone to others. */
  async expire(): Promise<void> {
    await this.#boss.expire();
  }

  /** Removes rows that nobody needs. */
  async clean(): Promise<void> {
    await this.#boss.maintain();
  }
}
