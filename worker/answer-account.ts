import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { assert } from "@/lib/util/assert";
import type { Admission } from "./admission";
import type { CallFields } from "./call-record";
import { tellLoad, tellLoadWithoutOne } from "./tell-load";
import { type RequestMetrics, toFinishedReason } from "./vllm-metrics";
import type { Work } from "./work-meter";
import type { WorkerStats } from "./worker-stats";

export type AnswerAccountOptions = {
  admission: Admission;
  stats: WorkerStats;
  request: GenerateRequest;
  /** What the log line says of the answer: times and numbers of tokens. */
  fields: CallFields;
  queuedMs: number;
  shown: RequestMetrics;
  work: Work;
};

/** A backend's events of one answer, held to their order, counted, and with the wait for the slot added to the times. */
export class AnswerAccount {
  readonly #options: AnswerAccountOptions;
  /** Tokens that another worker has drawn, which are its own. */
  readonly #resumed: number;
  /** Tokens of the answer's text, and of all that was written. */
  #counted: number;
  #written: number;
  #last: GenerateEvent["type"] | undefined;
  #knowsPrompt = true;

  constructor(options: AnswerAccountOptions) {
    this.#options = options;
    this.#resumed = options.request.resume?.tokenIds.length ?? 0;
    this.#counted = this.#resumed;
    this.#written = this.#resumed;
  }

  /** @returns the event as it is told. */
  enter(event: GenerateEvent): GenerateEvent {
    const last = this.#last;
    assert(last !== "generation-end", "nothing follows the end of a generation");
    assert(
      (event.type === "generation-start") === (last === undefined) ||
        event.type === "generation-error",
      "a generation starts once and first",
    );
    this.#last = event.type;
    switch (event.type) {
      case "generation-start":
        return this.#start(event);
      case "text-delta":
        this.#write(event.tokens);
        this.#options.stats.countTokens("completion", event.tokens);
        this.#options.shown.wrote(event.tokens);
        this.#counted += event.tokens;
        return event;
      case "reasoning-delta":
      case "tool-call-delta":
        this.#write(event.tokens);
        return event;
      case "generation-end":
        return this.#end(event);
      default:
        return event;
    }
  }

  /** The backend has said all. */
  close(): void {
    const isOver = this.#last === "generation-end" || this.#last === "generation-error";
    assert(isOver, "a generation has an end");
  }

  #write(tokens: number): void {
    this.#options.work.wrote(tokens);
    this.#written += tokens;
  }

  #start(event: Extract<GenerateEvent, { type: "generation-start" }>): GenerateEvent {
    const { admission, stats, work } = this.#options;
    const { promptTokens } = event;
    this.#knowsPrompt = promptTokens !== undefined;
    if (promptTokens !== undefined) this.#read(promptTokens);
    work.prompt((promptTokens ?? 0) + this.#resumed, event.maxTokens - this.#resumed);
    return { ...event, load: tellLoad(admission, stats.work) };
  }

  #read(promptTokens: number): void {
    this.#options.stats.countTokens("prompt", promptTokens);
    this.#options.shown.prompt(promptTokens);
  }

  #end(event: Extract<GenerateEvent, { type: "generation-end" }>): GenerateEvent {
    const { admission, stats, shown, work, queuedMs, fields } = this.#options;
    const { usage, finishReason } = event;
    const { promptTokens, completionTokens, cachedPromptTokens } = usage;
    // Tokens that made no text of their own: the end of turn, the rest of a stop string.
    const silent = completionTokens - this.#counted;
    assert(silent >= 0, "deltas stand for no more tokens than were used");
    if (!this.#knowsPrompt) this.#read(promptTokens);
    stats.countTokens("completion", silent);
    stats.countCachedTokens(cachedPromptTokens ?? 0);
    shown.count(silent);
    shown.cached(cachedPromptTokens ?? 0);
    shown.ended(toFinishedReason(finishReason));
    const timing = {
      queuedMs: event.timing.queuedMs + queuedMs,
      firstTokenMs: event.timing.firstTokenMs + queuedMs,
      durationMs: event.timing.durationMs + queuedMs,
    };
    stats.observeEnd(timing);
    fields.queuedMs = Math.round(timing.queuedMs);
    fields.firstTokenMs = Math.round(timing.firstTokenMs);
    fields.promptTokens = promptTokens;
    fields.completionTokens = completionTokens;
    if (cachedPromptTokens !== undefined) fields.cachedPromptTokens = cachedPromptTokens;
    fields.finishReason = finishReason;
    work.wrote(Math.max(0, completionTokens - this.#written));
    work.end();
    const load = tellLoadWithoutOne(admission, stats.work);
    const { type, stopString } = event;
    return stopString === undefined
      ? { type, finishReason, usage, timing, load }
      : { type, finishReason, stopString, usage, timing, load };
  }
}
