import { sql } from "drizzle-orm";
import type postgres from "postgres";
import {
  CHANGE_FEED_DEAF_AFTER_MS,
  CHANGE_PULSE_INTERVAL_MS,
  CHANGE_RELISTEN_AFTER_MS,
} from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { type Database, databaseUrl } from "./client";
import { connect } from "./connect";

/**
 * Tells every process of what was changed in the database by another one (PostgreSQL's LISTEN and NOTIFY),
 * and whether this process would hear of it. A connection that listens may be dead for minutes before its
 * socket says so, and the driver gives up listening when one attempt to connect again fails; so each
 * process sends itself a pulse over the same road three times a second, and is deaf when it does not come back.
 */

const CHANNEL = "parley_changes";

/** What may change: one word for each copy that processes keep in memory (db/live-copy.ts). */
export type ChangeTopic =
  | "keys"
  | "catalog"
  | "workers"
  | "arena"
  | "jobs"
  | "boards"
  | "providers";

/** Announces a change. Inside a transaction it is heard when that commits, and never otherwise. */
export async function announce(db: Database, topic: ChangeTopic): Promise<void> {
  await db.execute(sql`select pg_notify(${CHANNEL}, ${topic})`);
}

export class ChangeFeed {
  readonly #url: string;
  readonly #now: () => number;
  readonly #pulse = `pulse:${createId()}`;
  readonly #listeners = new Map<ChangeTopic, Set<() => void>>();
  #client: postgres.Sql | undefined;
  #heardMs = Number.NEGATIVE_INFINITY;
  #openedMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;

  constructor(url: string, now: () => number = () => performance.now()) {
    this.#url = url;
    this.#now = now;
  }

  /** Whether a change announced anywhere until a second ago would have been heard here. */
  get isLive(): boolean {
    return this.#now() - this.#heardMs < CHANGE_FEED_DEAF_AFTER_MS;
  }

  /** Calls `listener` after each change of `topic`, until the returned function is called. */
  on(topic: ChangeTopic, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    listeners.add(listener);
    this.#start();
    return () => listeners.delete(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const client = this.#client;
    this.#client = undefined;
    await client?.end({ timeout: 1 });
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#beat(), CHANGE_PULSE_INTERVAL_MS);
    this.#timer.unref();
    void this.#beat();
  }

  async #beat(): Promise<void> {
    const sinceMs = this.#now() - Math.max(this.#heardMs, this.#openedMs);
    if (this.#client === undefined || sinceMs > CHANGE_RELISTEN_AFTER_MS) this.#listen();
    // A database that hangs must not gather a queue of beats.
    if (this.#isBeating) return;
    this.#isBeating = true;
    const client = this.#client;
    try {
      await client?.notify(CHANNEL, this.#pulse);
    } catch (error) {
      log.debug({ err: error }, "no pulse through the database");
    } finally {
      this.#isBeating = false;
    }
  }

  /** A connection for pulses; the driver opens the one that listens beside it. */
  #listen(): void {
    void this.#client?.end({ timeout: 0 }).catch(() => {
      // It was given up because it did not answer.
    });
    const client = connect(this.#url, { connectionsMax: 1, connectTimeoutSeconds: 2 });
    this.#client = client;
    this.#isBeating = false;
    this.#openedMs = this.#now();
    const hear = (payload: string) => this.#client === client && this.#hear(payload);
    // The driver connects again by itself, and what was announced meanwhile was announced to nobody here.
    const listening = () => this.#client === client && this.#changed(...this.#listeners.keys());
    client
      .listen(CHANNEL, hear, listening)
      .catch((error: unknown) => log.debug({ err: error }, "listening for changes failed"));
  }

  #hear(payload: string): void {
    if (payload === this.#pulse) {
      const wasDeaf = !this.isLive;
      this.#heardMs = this.#now();
      // What was announced meanwhile was announced to nobody here.
      if (wasDeaf) this.#changed(...this.#listeners.keys());
      return;
    }
    // Topics of a newer version, and pulses of other processes, have no listeners here.
    this.#changed(payload as ChangeTopic);
  }

  #changed(...topics: ChangeTopic[]): void {
    for (const topic of topics) {
      for (const listener of this.#listeners.get(topic) ?? []) listener();
    }
  }
}

/** The feed of this process. */
export function changeFeed(): ChangeFeed {
  return processSingleton("change-feed", () => new ChangeFeed(databaseUrl()));
}
