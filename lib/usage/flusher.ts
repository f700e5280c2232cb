import type { ApiCaller } from "@/lib/auth/api-caller";
import { type KeyRingCopy, keyRing } from "@/lib/auth/key-ring";
import { touchKeys } from "@/lib/auth/key-store";
import { type CatalogCopy, catalog } from "@/lib/catalog/catalog";
import { type Database, database } from "@/lib/db/client";
import {
  USAGE_BATCH_MAX,
  USAGE_CLOSE_MS_MAX,
  USAGE_FLUSH_INTERVAL_MS,
  USAGE_PART_MS_MAX,
  USAGE_PRUNE_INTERVAL_MS,
  USAGE_READ_WAIT_MS_MAX,
  USAGE_REVIEW_INTERVAL_MS,
  USAGE_SWEEP_INTERVAL_MS,
} from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { settleWithin } from "@/lib/util/settle-within";
import { within } from "@/lib/util/within";
import { isDataError } from "./is-data-error";
import { type UsageLedger, usageLedger } from "./ledger";
import type { Meter } from "./meter";
import { tokensOf, toUsageRecord } from "./record-book";
import { deleteProcess, pruneUsage, sweepLostRecords, writeRecords } from "./store";
import { TallyExchange } from "./tally-exchange";
import { usageMetrics } from "./usage-metrics";

export type UsageFlusherOptions = {
  db: Database;
  ledger: UsageLedger;
  catalog: CatalogCopy;
  keys: KeyRingCopy;
};

/** What a flush is made of. */
type Part = "catalog" | "windows" | "records" | "keys";

/**
 * Keeps a ledger and the database in step: writes what this process's requests used, takes back what those
 * of all processes did. While the database is away the ledger goes on by what it knows, and what is to be
 * written waits.
 */
export class UsageFlusher {
  readonly #db: Database;
  readonly #ledger: UsageLedger;
  readonly #catalog: CatalogCopy;
  readonly #keys: KeyRingCopy;
  readonly #processId = createId();
  readonly #exchange: TallyExchange;
  readonly #timers: NodeJS.Timeout[] = [];
  #isFollowing = false;
  #flushing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #reviewing: Promise<void> | undefined;
  #flushingSinceMs = 0;
  /** What the last flush could not do. */
  readonly #failed = new Set<Part>();
  readonly #untouched = new Map<string, Date>();

  constructor({ db, ledger, catalog, keys }: UsageFlusherOptions) {
    this.#keys = keys;
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
    every(USAGE_REVIEW_INTERVAL_MS, () => this.review());
    every(
      USAGE_SWEEP_INTERVAL_MS,
      once(() => this.#sweep()),
    );
    every(
      USAGE_PRUNE_INTERVAL_MS,
      once(() => this.#prune()),
    );
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

  /** Requests wait for no reading where the last one has failed or has no end. */
  get #isAway(): boolean {
    if (this.#failed.has("catalog") || this.#failed.has("windows")) return true;
    const runningMs = this.#flushing ? performance.now() - this.#flushingSinceMs : 0;
    return runningMs > 4 * USAGE_READ_WAIT_MS_MAX;
  }

  /** Writes and reads once, beginning no earlier than now. It never throws: what failed is tried again by the next one. */
  flush(): Promise<void> {
    if (this.#flushing === undefined) {
      this.#flushingSinceMs = performance.now();
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

  /**
   * Holds requests under way to the keys as they are now. It never throws: while nobody knows of a key
   * whether it was revoked, its answers go on.
   */
  review(): Promise<void> {
    this.#reviewing ??= this.#review().finally(() => {
      this.#reviewing = undefined;
    });
    return this.#reviewing;
  }

  async #review(): Promise<void> {
    let ring = this.#keys.peek();
    // A process that is deaf reads them, though only where that can end something.
    if (ring === undefined && this.#ledger.isBusy) {
      ring = await this.#keys.get().catch(() => this.#keys.last);
    }
    if (ring) this.#ledger.review(ring);
  }

  /** Each part by itself: what keeps one from its work, and be it a bug of ours, must not keep the others. */
  async #flush(): Promise<void> {
    const stop = usageMetrics.flushSeconds.startTimer();
    await this.#try("catalog", () => this.#follow());
    const isWritten = await this.#try("windows", () => this.#exchange.run());
    // After the windows only: see seedWindows in store.ts.
    if (isWritten) await this.#try("records", () => this.#writeRecords());
    await this.#try("keys", () => this.#touchKeys());
    stop({ outcome: this.#failed.size === 0 ? "complete" : "failed" });
    const count = this.#ledger.records.takeDroppedCount();
    if (count > 0) log.error({ count }, "usage records dropped: too many wait for the database");
  }

  async #try(part: Part, work: () => Promise<void>): Promise<boolean> {
    try {
      await within(work(), USAGE_PART_MS_MAX, "The database gave no answer in time.");
      if (this.#failed.delete(part)) log.info({ part }, "usage is written again");
      return true;
    } catch (error) {
      const isNews = !this.#failed.has(part);
      if (isNews) log.warn({ err: error, part }, "usage not written; the next flush tries again");
      this.#failed.add(part);
      return false;
    }
  }

  /** From the first flush on the ledger knows what operators say of models, and of every change. */
  async #follow(): Promise<void> {
    if (!this.#isFollowing) this.#ledger.follow(() => this.#catalog.last);
    this.#isFollowing = true;
    await this.#catalog.get();
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
    const touches = new Map(this.#untouched);
    await touchKeys(this.#db, touches);
    for (const [keyId, at] of touches) {
      if (this.#untouched.get(keyId) === at) this.#untouched.delete(keyId);
    }
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

/** Not while it still runs: with a database that hangs it would take one connection after another. */
function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

function toBatches(meters: readonly Meter[]): Meter[][] {
  return Array.from({ length: Math.ceil(meters.length / USAGE_BATCH_MAX) }, (_, index) =>
    meters.slice(index * USAGE_BATCH_MAX, (index + 1) * USAGE_BATCH_MAX),
  );
}

/** The flusher of this process. */
export function usageFlusher(): UsageFlusher {
  return processSingleton(
    "usage-flusher",
    () =>
      new UsageFlusher({
        ...{ db: database(), ledger: usageLedger() },
        ...{ catalog: catalog(), keys: keyRing() },
      }),
  );
}
