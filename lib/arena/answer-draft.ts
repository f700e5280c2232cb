import type { Database } from "@/lib/db/client";
import type { AppError } from "@/lib/errors";
import { ANSWER_FLUSH_INTERVAL_MS, ANSWER_STALE_AFTER_MS } from "@/lib/limits";
import type {
  GenerationEnd,
  GenerationResumed,
  GenerationStart,
  TextDelta,
} from "@/lib/protocol/generate-event";
import type { Segment } from "@/lib/protocol/segment";
import { log } from "@/lib/telemetry/log";
import { type AnswerEnd, saveProgress } from "./store";

/** An answer that still waits in a queue writes this often that its process lives. */
const SIGN_OF_LIFE_MS = ANSWER_STALE_AFTER_MS / 3;

/**
 * An answer while it is written: its text, what made it, and the end it comes to. Its text is saved at
 * intervals, never more than one save at a time, so that a killed process loses half a second of it.
 */
export class AnswerDraft {
  readonly #db: Database;
  readonly #id: string;
  readonly #beganMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #content = "";
  #savedContent = "";
  #savedMs = performance.now();
  #saving: Promise<void> | undefined;
  #made: { workerId: string; start: GenerationStart } | undefined;
  /** What each worker has written, in order; the last one grows. */
  readonly #segments: Segment[] = [];
  #firstTokenMs: number | null = null;

  constructor(db: Database, id: string) {
    this.#db = db;
    this.#id = id;
    this.#timer = setInterval(() => this.#tick(), ANSWER_FLUSH_INTERVAL_MS);
    this.#timer.unref();
  }

  begin(made: { workerId: string; start: GenerationStart }): void {
    this.#made = made;
    this.#segments.push({ workerId: made.workerId, tokens: 0 });
  }

  /** Another worker goes on. */
  resume({ workerId }: GenerationResumed): void {
    this.#segments.push({ workerId, tokens: 0 });
  }

  add(delta: TextDelta): void {
    this.#firstTokenMs ??= performance.now() - this.#beganMs;
    this.#content += delta.text;
    this.#count(delta.tokens);
  }

  /** The end as the worker told it, with the worker's clock. */
  complete({ finishReason, usage, timing }: GenerationEnd): AnswerEnd {
    const { firstTokenMs, durationMs } = timing;
    // The token that ends an answer comes without text.
    this.#count(usage.completionTokens - this.#tokens);
    return {
      ...this.#soFar(),
      ...usage,
      firstTokenMs,
      durationMs,
      status: "complete",
      // No page offers tools; a worker that speaks of calls all the same has ended its answer.
      finishReason: finishReason === "tool-calls" ? "stop" : finishReason,
    };
  }

  /** The reader left. Nothing said yet is no answer that a vote could rest on, so it failed. */
  stop(): AnswerEnd {
    if (this.#content !== "") return { ...this.#soFar(), status: "stopped" };
    return {
      ...this.#soFar(),
      status: "failed",
      errorCode: "client-closed",
      errorMessage: "Stopped before the first word. Try it again.",
    };
  }

  /** The text so far is kept. */
  fail({ code, message }: Pick<AppError, "code" | "message">): AnswerEnd {
    return { ...this.#soFar(), status: "failed", errorCode: code, errorMessage: message };
  }

  /** No save is under way or will be. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#saving;
  }

  get #tokens(): number {
    return this.#segments.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  #count(tokens: number): void {
    const last = this.#segments.at(-1);
    if (last) last.tokens += tokens;
  }

  #soFar() {
    const start = this.#made?.start;
    return {
      content: this.#content,
      modelBuild: start?.build ?? null,
      // Of several the one that told the end.
      workerId: this.#segments.at(-1)?.workerId ?? null,
      parameters: start
        ? {
            temperature: start.sampling.temperature,
            topP: start.sampling.topP,
            maxTokens: start.maxTokens,
          }
        : null,
      seed: start?.sampling.seed ?? null,
      promptTokens: start?.promptTokens ?? null,
      completionTokens: start ? this.#tokens : null,
      firstTokenMs: this.#firstTokenMs,
      durationMs: performance.now() - this.#beganMs,
      segments: this.#segments.length > 1 ? this.#segments : null,
    };
  }

  #tick(): void {
    const hasNews = this.#content !== this.#savedContent;
    const isQuiet = performance.now() - this.#savedMs < SIGN_OF_LIFE_MS;
    if (this.#saving !== undefined || (!hasNews && isQuiet)) return;
    this.#saving = this.#save().finally(() => {
      this.#saving = undefined;
    });
  }

  async #save(): Promise<void> {
    const content = this.#content;
    try {
      await saveProgress(this.#db, this.#id, content);
      this.#savedContent = content;
      this.#savedMs = performance.now();
    } catch (error) {
      // The next tick tries again, and the end, which must be written, fails aloud.
      log.warn({ err: error, answerId: this.#id }, "text so far not saved");
    }
  }
}
