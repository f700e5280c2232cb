import type { AppError } from "@/lib/errors";
import type {
  GenerationEnd,
  GenerationResumed,
  GenerationStart,
} from "@/lib/protocol/generate-event";
import type { Segment } from "@/lib/protocol/segment";
import type { AnswerEnd } from "./store";

/** What is known of how an answer is made, and the end that comes of it. Its times are the model's, whenever it is shown. */
export class AnswerFacts {
  readonly #system: string | undefined;
  readonly #beganMs = performance.now();
  #made: { workerId: string; start: GenerationStart } | undefined;
  /** What each worker has written, in order; the last one grows. */
  readonly #segments: Segment[] = [];
  #firstTokenMs: number | null = null;

  /** @param system the system prompt that it is asked with */
  constructor(system: string | undefined) {
    this.#system = system;
  }

  begin(made: { workerId: string; start: GenerationStart }): void {
    this.#made = made;
    this.#segments.push({ workerId: made.workerId, tokens: 0 });
  }

  /** Another worker goes on. */
  resume({ workerId }: GenerationResumed): void {
    this.#segments.push({ workerId, tokens: 0 });
  }

  add({ tokens }: { tokens: number }): void {
    this.#firstTokenMs ??= performance.now() - this.#beganMs;
    this.#count(tokens);
  }

  /** The end as the worker told it, with the worker's clock. */
  complete({ finishReason, usage, timing }: GenerationEnd): AnswerEnd {
    const { firstTokenMs, durationMs } = timing;
    const { promptTokens, completionTokens } = usage;
    // The token that ends an answer comes without text.
    this.#count(completionTokens - this.#tokens);
    return {
      ...this.#soFar(),
      ...{ promptTokens, completionTokens, firstTokenMs, durationMs },
      status: "complete",
      // No page offers tools; a worker that speaks of calls all the same has ended its answer.
      finishReason: finishReason === "tool-calls" ? "stop" : finishReason,
    };
  }

  stop(): AnswerEnd {
    return { ...this.#soFar(), status: "stopped", finishReason: null };
  }

  fail({ code, message }: Pick<AppError, "code" | "message">): AnswerEnd {
    const end = { status: "failed", finishReason: null } as const;
    return { ...this.#soFar(), ...end, errorCode: code, errorMessage: message };
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
      modelBuild: start?.build ?? null,
      // Of several the one that told the end.
      workerId: this.#segments.at(-1)?.workerId ?? null,
      parameters: start
        ? {
            temperature: start.sampling.temperature,
            topP: start.sampling.topP,
            maxTokens: start.maxTokens,
            ...(this.#system !== undefined && { system: this.#system }),
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
}
