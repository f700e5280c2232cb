import type { ApiCaller } from "@/lib/auth/api-caller";
import { touchKeys } from "@/lib/auth/key-store";
import { type CatalogCopy, catalog } from "@/lib/catalog/catalog";
import { type Database, database } from "@/lib/db/client";
import {
  USAGE_BATCH_MAX,
  USAGE_CLOSE_MS_MAX,
  USAGE_FLUSH_INTERVAL_MS,
  USAGE_PRUNE_INTERVAL_MS,
  USAGE_READ_WAIT_MS_MAX,
  USAGE_SWEEP_INTERVAL_MS,
} from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { settleWithin } from "@/lib/util/settle-within";
import { type UsageLedger, usageLedger } from "./ledger";
import type { Meter } from "./meter";
import { tokensOf, toUsageRecord } from "./record-book";
import { deleteProcess, pruneUsage, sweepLostRecords, writeRecords } from "./store";
import { TallyExchange } from "./tally-exchange";
import { usageMetrics } from "./usage-metrics";

export type UsageFlusherOptions = { db: Database; ledger: UsageLedger; catalog: CatalogCopy };

/**
 * Keeps a ledger and the database in step: writes what this process's requests used, takes back what those
 * of all processes did. While the database is away the ledger goes on by what it knows, and what is to be
 * written waits.
 */
export class UsageFlusher {
  readonly #db: Database;
  readonly #ledger: UsageLedger;
  readonly #catalog: CatalogCopy;
  readonly #processId = createId();
  readonly #exchange: TallyExchange;
  readonly #timers: NodeJS.Timeout[] = [];
  #isFollowing = false;
  #flushing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** Requests wait for no reading while the last one has failed. */
  #isAway = false;
  #untouched = new Map<string, Date>();

  constructor({ db, ledger, catalog }: UsageFlusherOptions) {
    this.#db = db;
    this.#ledger = ledger;
    this.#catalog = catalog;
    this.#exchange = new TallyExchange({ db, ledger, processId: this.#processId });
  }

  /** Flushes and tidies up at intervals until `close`. */
  start(): void {
    const every = (ms: number, work: () => Promise<void>) => {
      const timer = setInterval(() => void work(), ms);
      timer.unref();
      this.#timers.push(timer);
    };
    every(USAGE_FLUSH_INTERVAL_MS, () => this.#flushing ?? this.flush());
    every(USAGE_SWEEP_INTERVAL_MS, () => this.#sweep());
    every(USAGE_PRUNE_INTERVAL_MS, () => this.#prune());
    void this.flush();
  }

  /**
   * What must be read before a caller's request is held against its limits: nothing, save for the first
   * request of a limited key in a while.
   */
  prepare(caller: ApiCaller): Promise<void> | undefined {
    if (this.#ledger.isReadFor(caller) || this.#isAway) return undefined;
    return settleWithin([this.flush()], USAGE_READ_WAIT_MS_MAX);
  }

  /** Writes and reads once, beginning no earlier than now. It never throws: what failed is tried again by the next one. */
  flush(): Promise<void> {
    if (this.#flushing === undefined) {
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined;
      });
      return this.#flushing;
    }
    this.#next ??= this.#flushing.then(() => {
      this.#next = undefined;
      return this.flush();
    });
    return this.#next;
  }

  /** Ends what still runs, since its process does, and writes all there is. */
  async close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const meter of this.#ledger.readOpen()) meter.abandon();
    const leave = async () => {
      await this.flush();
      if (this.#exchange.hasWritten) await deleteProcess(this.#db, this.#processId);
    };
    const left = leave().catch((error: unknown) => log.warn({ err: error }, "usage not closed"));
    await settleWithin([left], USAGE_CLOSE_MS_MAX);
  }

  async #flush(): Promise<void> {
    const stop = usageMetrics.flushSeconds.startTimer();
    try {
      await this.#follow();
      await this.#exchange.run();
      // After the windows: see seedWindows in store.ts.
      await this.#writeRecords();
      await this.#touchKeys();
      stop({ outcome: "complete" });
      if (this.#isAway) log.info("usage is written again");
      this.#isAway = false;
    } catch (error) {
      stop({ outcome: "failed" });
      if (!this.#isAway) log.warn({ err: error }, "usage not written; the next flush tries again");
      this.#isAway = true;
    }
    const count = this.#ledger.records.takeDroppedCount();
    if (count > 0) log.error({ count }, "usage records dropped: too many wait for the database");
  }

  /** From the first flush on the ledger knows what operators say of models, and of every change. */
  async #follow(): Promise<void> {
    await this.#catalog.get();
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    this.#ledger.follow(() => this.#catalog.last);
  }

  async #writeRecords(): Promise<void> {
    const { records, now } = this.#ledger;
    const nowMs = now();
    const news = records.readNews(nowMs);
    for (const batch of toBatches(news)) {
      const sent = batch.map((meter) => ({ meter, tokens: tokensOf(meter) }));
      await this.#writeBatch(batch);
      records.settleNews(sent, nowMs);
    }
    for (const batch of toBatches(records.readEnded())) {
      await this.#writeBatch(batch);
      records.forgetEnded(batch);
    }
  }

  /** One record that the database refuses for what it holds, which would be a bug of ours, must not hold up all others. */
  async #writeBatch(meters: readonly Meter[]): Promise<void> {
    try {
      await writeRecords(this.#db, meters.map(toUsageRecord));
    } catch (error) {
      if (!isDataError(error)) throw error;
      if (meters.length > 1) {
        for (const meter of meters) await this.#writeBatch([meter]);
        return;
      }
      log.error({ err: error, requestId: meters[0]?.requestId }, "a usage record was refused");
      usageMetrics.dropped.inc();
    }
  }

  async #touchKeys(): Promise<void> {
    const touched = this.#ledger.records.takeTouched();
    for (const [keyId, at] of touched) this.#untouched.set(keyId, at);
    if (this.#untouched.size === 0) return;
    const touches = this.#untouched;
    await touchKeys(this.#db, touches);
    this.#untouched = new Map();
  }

  async #sweep(): Promise<void> {
    try {
      const count = await sweepLostRecords(this.#db);
      if (count > 0) log.warn({ count }, "requests of a dead process written down as lost");
    } catch (error) {
      log.debug({ err: error }, "usage not swept; the next sweep tries again");
    }
  }

  async #prune(): Promise<void> {
    try {
      while (await pruneUsage(this.#db));
    } catch (error) {
      log.debug({ err: error }, "usage not pruned; the next attempt is as good");
    }
  }
}

function toBatches(meters: readonly Meter[]): Meter[][] {
  return Array.from({ length: Math.ceil(meters.length / USAGE_BATCH_MAX) }, (_, index) =>
    meters.slice(index * USAGE_BATCH_MAX, (index + 1) * USAGE_BATCH_MAX),
  );
}

/** PostgreSQL's classes 22 (data exception) and 23 (a constraint), appendix A; the driver's error is the cause. */
function isDataError(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /^2[23]/.test(code);
}

/** The flusher of this process. */
export function usageFlusher(): UsageFlusher {
  return processSingleton(
    "usage-flusher",
    () => new UsageFlusher({ db: database(), ledger: usageLedger(), catalog: catalog() }),
  );
}
