import type { Database } from "@/lib/db/client";
import { USAGE_SEED_RETRY_MS, USAGE_SEEDS_MAX, USAGE_SUBJECT_IDLE_MS } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { isDataError } from "./is-data-error";
import type { UsageLedger } from "./ledger";
import {
  seedWindows,
  type TallyBatch,
  type TallyReply,
  type WindowKey,
  writeTallies,
} from "./store";
import type { Tally, UsageWindow } from "./tally";

/** A batch with what it was made of. */
type Sent = { batch: TallyBatch; tallies: readonly Tally[]; windows: readonly UsageWindow[] };

export type TallyExchangeOptions = { db: Database; ledger: UsageLedger; processId: string };

/**
 * Brings the differences of a ledger's tallies to the database and its totals back. A batch that failed may
 * have arrived all the same, its reply lost; it is sent again as it was until it is known to have arrived,
 * and its number keeps it from being added twice.
 */
export class TallyExchange {
  readonly #db: Database;
  readonly #ledger: UsageLedger;
  readonly #processId: string;
  #sequence = 0;
  #unsettled: Sent | undefined;
  #seedAfterMs = 0;

  constructor({ db, ledger, processId }: TallyExchangeOptions) {
    this.#db = db;
    this.#ledger = ledger;
    this.#processId = processId;
  }

  get hasWritten(): boolean {
    return this.#sequence > 0;
  }

  /** Called again before it has ended, it sends again what is on its way. */
  async run(): Promise<void> {
    // Limits may come late for that, the accounting may not.
    const failure = await this.#seed().catch((error: unknown) => ({ error }));
    const isRepeated = this.#unsettled !== undefined;
    await this.#send();
    if (isRepeated) await this.#send();
    if (failure) throw failure.error;
  }

  async #seed(): Promise<undefined> {
    const nowMs = performance.now();
    if (nowMs < this.#seedAfterMs) return;
    const unseeded = this.#ledger.readTallies().filter((tally) => !tally.isSeeded);
    // Until it has succeeded: what failed or hangs is not asked for with every flush.
    this.#seedAfterMs = nowMs + USAGE_SEED_RETRY_MS;
    for (let first = 0; first < unseeded.length; first += USAGE_SEEDS_MAX) {
      const some = unseeded.slice(first, first + USAGE_SEEDS_MAX);
      await seedWindows(
        this.#db,
        some.map(({ subject }) => subject),
      );
      for (const tally of some) tally.isSeeded = true;
    }
    this.#seedAfterMs = nowMs;
  }

  async #send(): Promise<void> {
    this.#unsettled ??= this.#take();
    if (this.#unsettled === undefined) return;
    const sent = this.#unsettled;
    const reply = await this.#write(sent.batch);
    // It was given up, sent again and settled meanwhile.
    if (this.#unsettled !== sent) return;
    settle(sent, reply, this.#ledger.now());
    this.#unsettled = undefined;
  }

  async #write(batch: TallyBatch): Promise<TallyReply> {
    try {
      return await writeTallies(this.#db, batch);
    } catch (error) {
      if (!isDataError(error)) throw error;
      // Amounts that no column holds, which would be a bug of ours, must not be sent again for ever.
      log.error({ err: error, count: batch.deltas.length }, "amounts of usage were refused");
      return await writeTallies(this.#db, { ...batch, deltas: [] });
    }
  }

  #take(): Sent | undefined {
    const tallies = this.#ledger.readTallies();
    const nowMs = this.#ledger.now();
    const isActive = (tally: Tally) =>
      !tally.isLoaded || !tally.isFlushed || nowMs - tally.usedAtMs < USAGE_SUBJECT_IDLE_MS;
    if (!tallies.some(isActive)) return undefined;
    const windows = tallies.flatMap((tally) => tally.windows());
    const deltas = windows.flatMap((window) => {
      const amounts = window.send();
      return amounts ? [{ ...toKey(window), ...amounts }] : [];
    });
    const moved = tallies.filter((tally) => tally.running !== tally.runningWritten);
    const running = moved.map(({ subject, running }) => ({ subject, running }));
    this.#sequence += 1;
    const batch = {
      ...{ processId: this.#processId, sequence: this.#sequence, deltas, running },
      windows: windows.map(toKey),
      subjects: tallies.map((tally) => tally.subject),
    };
    return { batch, tallies, windows };
  }
}

const toKey = ({ subject, period, startsAtMs }: UsageWindow): WindowKey => ({
  ...{ subject, period, startsAtMs },
});
const toText = ({ subject, period, startsAtMs }: WindowKey) => `${period} ${startsAtMs} ${subject}`;

function settle({ batch, tallies, windows }: Sent, reply: TallyReply, nowMs: number): void {
  const totals = new Map(reply.windows.map((it) => [toText(it), it]));
  for (const window of windows) {
    const { requests = 0, tokens = 0, costNanoDollars = 0 } = totals.get(toText(window)) ?? {};
    window.settle({ requests, tokens, costNanoDollars });
  }
  const written = new Map(batch.running.map((it) => [it.subject, it.running]));
  for (const tally of tallies) {
    tally.hear(reply.running.get(tally.subject) ?? 0, nowMs);
    tally.runningWritten = written.get(tally.subject) ?? tally.runningWritten;
  }
}
