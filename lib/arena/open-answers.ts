import { ANSWER_END_MS_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { ANSWER_FLUSH_INTERVAL_MS, ANSWER_STALE_AFTER_MS } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { wait } from "@/lib/util/wait";
import {
  type AnswerEnd,
  finishAnswer,
  type MessageRow,
  type Progress,
  saveProgress,
  watchAnswers,
} from "./store";

/** A sign of life this often keeps the sweep away. */
const SIGN_OF_LIFE_MS = ANSWER_STALE_AFTER_MS / 3;

/** An answer that is being written in this process. */
export type OpenAnswer = {
  readonly id: string;
  /** What was told of it so far. */
  progress(): { content: string; reasoning: string };
  /** Its visitor wants it ended, by way of another process. */
  stopRequested(): void;
  /** It was ended or deleted by way of another process. */
  drop(): void;
};

type Open = { answer: OpenAnswer; savedLength: number };

/**
 * The answers that this process writes, as their rows see it: texts so far are saved at intervals, all of
 * them in one statement and one statement at a time, so that a killed process loses half a second of them;
 * in between rows hear that the process lives, and it hears who wants an answer ended.
 */
export class OpenAnswers {
  readonly #db: Database;
  readonly #open = new Map<string, Open>();
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> | undefined;
  #touchedMs = performance.now();

  constructor(db: Database) {
    this.#db = db;
  }

  add(answer: OpenAnswer): void {
    this.#open.set(answer.id, { answer, savedLength: 0 });
    if (this.#timer !== undefined) return;
    this.#touchedMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), ANSWER_FLUSH_INTERVAL_MS);
    this.#timer.unref();
  }

  /**
   * Writes the end of an answer, tried again while the database is away.
   *
   * @returns what stands; undefined where its conversation was deleted meanwhile.
   */
  async end(
    id: string,
    end: AnswerEnd & { content: string; reasoning: string },
  ): Promise<MessageRow | undefined> {
    const begunMs = performance.now();
    // What was said so far must not be written after the end.
    await this.#ticking;
    for (;;) {
      try {
        const row = await finishAnswer(this.#db, id, end);
        this.#remove(id);
        return row;
      } catch (error) {
        if (performance.now() - begunMs > ANSWER_END_MS_MAX) {
          this.#remove(id);
          throw error;
        }
        log.warn({ err: error, answerId: id }, "end of an answer not written yet");
        await wait(ANSWER_FLUSH_INTERVAL_MS);
      }
    }
  }

  #remove(id: string): void {
    this.#open.delete(id);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#ticking ??= this.#write()
      // The next tick tries again.
      .catch((error: unknown) => log.warn({ err: error }, "answers so far not saved"))
      .finally(() => {
        this.#ticking = undefined;
      });
  }

  async #write(): Promise<void> {
    const news: Progress[] = [];
    const silent: string[] = [];
    for (const [id, { answer, savedLength }] of this.#open) {
      const { content, reasoning } = answer.progress();
      if (content.length + reasoning.length === savedLength) silent.push(id);
      else news.push({ id, content, reasoning });
    }
    if (news.length > 0) {
      const running = await saveProgress(this.#db, news);
      for (const { id, content, reasoning } of news) {
        const open = this.#open.get(id);
        if (open) open.savedLength = content.length + reasoning.length;
      }
      this.#heed(
        news.map(({ id }) => id),
        running,
      );
    }
    if (silent.length > 0) {
      const isDue = performance.now() - this.#touchedMs >= SIGN_OF_LIFE_MS;
      const running = await watchAnswers(this.#db, silent, { isDue });
      if (isDue) this.#touchedMs = performance.now();
      this.#heed(silent, running);
    }
  }

  #heed(ids: readonly string[], running: ReadonlyMap<string, boolean>): void {
    for (const id of ids) {
      // One that ended meanwhile is not open any more, and no matter.
      const answer = this.#open.get(id)?.answer;
      if (!running.has(id)) answer?.drop();
      else if (running.get(id)) answer?.stopRequested();
    }
  }
}
