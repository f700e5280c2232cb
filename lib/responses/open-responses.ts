import type { Database } from "@/lib/db/client";
import {
  ANSWER_FLUSH_INTERVAL_MS,
  ANSWER_STALE_AFTER_MS,
  RESPONSE_ENDS_PENDING_MAX,
} from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import {
  findWanted,
  type Progress,
  saveEnd,
  saveProgress,
  touchResponses,
  type WrittenEnd,
} from "./store";

/** A sign of life this often keeps the sweep away. */
const SIGN_OF_LIFE_MS = ANSWER_STALE_AFTER_MS / 3;

/** A response that is being made in this process. */
export type OpenResponse = {
  id: string;
  /** What a background response has added since it was last asked; undefined where there is nothing. */
  progress?(): Progress | undefined;
  /** What `progress` told is kept; undefined where nobody knows what is. */
  kept?(progress: Progress | undefined): void;
  /** Nobody wants it any more: it was cancelled or deleted by way of another process. */
  drop?(): void;
};

/**
 * The responses that this process is making, as their rows see it: what they add is written at intervals,
 * one writing at a time, with signs of life in between, and ends that could not be written are written
 * when the database is back.
 */
export class OpenResponses {
  readonly #db: Database;
  readonly #open = new Map<string, OpenResponse>();
  readonly #unwritten = new Map<string, WrittenEnd>();
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> | undefined;
  #touchedMs = performance.now();

  constructor(db: Database) {
    this.#db = db;
  }

  add(response: OpenResponse): void {
    this.#open.set(response.id, response);
    if (this.#timer !== undefined) return;
    this.#touchedMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), ANSWER_FLUSH_INTERVAL_MS);
    this.#timer.unref();
  }

  /** It is no more: there is nothing to write. */
  remove(id: string): void {
    this.#open.delete(id);
    if (this.#open.size > 0 || this.#unwritten.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Writes its end, now or, with the database away, as soon as it is back. */
  async end(end: WrittenEnd): Promise<void> {
    this.#open.delete(end.id);
    // What it added must not be written after its end.
    await this.#ticking;
    try {
      await saveEnd(this.#db, end);
    } catch (error) {
      log.warn({ err: error, responseId: end.id }, "response's end not written yet");
      // Whether the statement came through is not known, so the next one writes all of it.
      const whole = { ...end, keptCount: 0 };
      if (this.#unwritten.size < RESPONSE_ENDS_PENDING_MAX) this.#unwritten.set(end.id, whole);
    }
    this.remove(end.id);
  }

  #tick(): void {
    this.#ticking ??= this.#write()
      .catch((error: unknown) => log.warn({ err: error }, "responses so far not saved"))
      .finally(() => {
        this.#ticking = undefined;
      });
  }

  async #write(): Promise<void> {
    for (const end of [...this.#unwritten.values()]) {
      await saveEnd(this.#db, end);
      this.#unwritten.delete(end.id);
      this.remove(end.id);
    }
    const silent: OpenResponse[] = [];
    for (const response of [...this.#open.values()]) {
      // It may have ended while another one was being written.
      if (!this.#open.has(response.id)) continue;
      const progress = response.progress?.();
      if (!progress) silent.push(response);
      else await this.#save(response, progress);
    }
    await this.#watch(silent);
  }

  async #save(response: OpenResponse, progress: Progress): Promise<void> {
    // Whether a statement that fails came through is not known.
    response.kept?.(undefined);
    const isWanted = await saveProgress(this.#db, { id: response.id, ...progress });
    response.kept?.(progress);
    if (!isWanted) response.drop?.();
  }

  /** Those that had nothing to add: whether they are wanted, and from time to time that they live. */
  async #watch(silent: readonly OpenResponse[]): Promise<void> {
    const isDue = performance.now() - this.#touchedMs >= SIGN_OF_LIFE_MS;
    // Only background responses can be cancelled from elsewhere.
    const watched = isDue ? silent : silent.filter((it) => it.drop !== undefined);
    if (watched.length === 0) return;
    const ids = watched.map(({ id }) => id);
    const wanted = await (isDue ? touchResponses : findWanted)(this.#db, ids);
    if (isDue) this.#touchedMs = performance.now();
    // One that ended meanwhile is not open any more, and no matter.
    for (const it of watched) if (!wanted.has(it.id) && this.#open.has(it.id)) it.drop?.();
  }
}
