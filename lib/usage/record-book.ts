import { USAGE_PENDING_MAX, USAGE_STALE_AFTER_MS } from "@/lib/limits";
import { toIsoTime } from "@/lib/telemetry/iso-time";
import { Roster } from "@/lib/util/roster";
import type { Meter } from "./meter";
import type { UsageRecord } from "./store";
import { usageMetrics } from "./usage-metrics";

/** A request without news writes this often that its process lives. */
const SIGN_OF_LIFE_MS = USAGE_STALE_AFTER_MS / 3;

/** A request that runs, and what of it was written last. */
export type Running = { meter: Meter; rosterAt: number; tokens: number; writtenMs: number };

/** Which requests the database must be told of: those that run and have news, and those that ended. */
export class RecordBook {
  readonly #running = new Roster<Running>();
  /** By id, the oldest first. */
  readonly #ended = new Map<string, Meter>();
  /** Key → when, in milliseconds. */
  readonly #touched = new Map<string, number>();
  #droppedCount = 0;

  /** A request of the key has come. */
  touch(keyId: string): void {
    this.#touched.set(keyId, Date.now());
  }

  begin(meter: Meter): void {
    if (meter.running !== undefined) return;
    meter.running = { meter, rosterAt: -1, tokens: -1, writtenMs: Number.NEGATIVE_INFINITY };
    this.#running.add(meter.running);
  }

  /** It was refused before any work, which is no usage. What was written of it meanwhile is ended as usual. */
  undoBegin(meter: Meter): void {
    if (meter.running?.tokens === -1) this.#leave(meter);
  }

  end(meter: Meter): void {
    if (!this.#leave(meter)) return;
    this.#ended.set(meter.id, meter);
    if (this.#ended.size <= USAGE_PENDING_MAX) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
    this.#droppedCount += 1;
    usageMetrics.dropped.inc();
  }

  /** @returns whether it ran. */
  #leave(meter: Meter): boolean {
    const { running } = meter;
    meter.running = undefined;
    return running !== undefined && this.#running.delete(running);
  }

  readEnded(): Meter[] {
    usageMetrics.pending.set(this.#ended.size);
    return [...this.#ended.values()];
  }

  /** They are written. */
  forgetEnded(meters: readonly Meter[]): void {
    for (const meter of meters) this.#ended.delete(meter.id);
    usageMetrics.pending.set(this.#ended.size);
  }

  /** Those under way with news since they were last written. */
  readNews(nowMs: number): Meter[] {
    const news: Meter[] = [];
    for (const { meter, tokens, writtenMs } of this.#running.members()) {
      if (tokensOf(meter) !== tokens || nowMs - writtenMs > SIGN_OF_LIFE_MS) news.push(meter);
    }
    return news;
  }

  /** @param records of requests that ran when they were taken; they may have ended since. */
  settleNews(records: readonly { meter: Meter; tokens: number }[], nowMs: number): void {
    for (const { meter, tokens } of records) {
      const { running } = meter;
      if (running === undefined) continue;
      running.tokens = tokens;
      running.writtenMs = nowMs;
    }
  }

  /** Keys that were used since this was last asked, and when. */
  takeTouched(): Map<string, Date> {
    const touched = new Map([...this.#touched].map(([id, atMs]) => [id, new Date(atMs)]));
    this.#touched.clear();
    return touched;
  }

  /** How many records were dropped since this was last asked. */
  takeDroppedCount(): number {
    const count = this.#droppedCount;
    this.#droppedCount = 0;
    return count;
  }
}

export function tokensOf({ promptTokens, cachedPromptTokens, completionTokens }: Meter): number {
  return promptTokens + cachedPromptTokens + completionTokens;
}

const NAME_CHARACTERS_MAX = 256;

/** Of a name that a caller gave: bounded, and what PostgreSQL stores in a text. */
function toStoredName(name: string): string {
  const bounded = name.slice(0, NAME_CHARACTERS_MAX).replaceAll("\0", "\ufffd");
  // Half of a surrogate pair becomes U+FFFD.
  return bounded.toWellFormed();
}

export function toUsageRecord(meter: Meter): UsageRecord {
  return {
    id: meter.id,
    requestId: toStoredName(meter.requestId),
    owner: meter.caller.owner,
    endpoint: toStoredName(meter.endpoint),
    asked: toStoredName(meter.asked),
    model: meter.model ?? null,
    workerId: meter.workerId ?? null,
    outcome: meter.outcome ?? "running",
    promptTokens: meter.promptTokens,
    cachedPromptTokens: meter.cachedPromptTokens,
    completionTokens: meter.completionTokens,
    costNanoDollars: meter.costNanoDollars,
    firstTokenMs: meter.firstTokenMs ?? null,
    durationMs: meter.durationMs ?? null,
    segments: meter.resumptions > 0 ? meter.segments : null,
    startedAt: toIsoTime(meter.startedAtMs),
  };
}
