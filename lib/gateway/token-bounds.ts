import { AppError } from "@/lib/errors";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";

/** What a worker was asked for, and what it has offered. */
export type Promised = {
  request: Pick<GenerateRequest, "maxTokens" | "resume">;
  /** Of the model there, as the worker registered it. */
  contextLength: number;
};

/**
 * Holds a worker to the numbers it began with. Callers are charged by them, so one that counts more than it
 * may write is not believed: another one is asked, or goes on.
 */
export class TokenBounds {
  readonly #promised: Promised;
  #promptTokens = 0;
  #maxTokens = 0;
  #told: number;

  constructor(promised: Promised) {
    this.#promised = promised;
    // What another worker wrote of the answer is a part of it.
    this.#told = promised.request.resume?.tokenIds.length ?? 0;
  }

  /** @throws AppError `upstream-invalid` */
  see(event: GenerateEvent): void {
    if (event.type === "generation-start") this.#begin(event);
    else if (event.type === "generation-end") {
      const { promptTokens, completionTokens, cachedPromptTokens = 0 } = event.usage;
      expect(completionTokens, this.#maxTokens, "completion tokens");
      expect(promptTokens, this.#promptTokens, "prompt tokens");
      expect(cachedPromptTokens, this.#promptTokens, "cached prompt tokens");
    } else if ("tokens" in event && event.type !== "prompt-tokens") {
      this.#told += event.tokens;
      expect(this.#told, this.#maxTokens, "tokens of an answer");
    }
  }

  #begin({ promptTokens, maxTokens }: GenerationStart): void {
    const { request, contextLength } = this.#promised;
    // Who is not told how long the prompt is says so at the end, and is held to the model's context.
    if (promptTokens === undefined) this.#promptTokens = contextLength;
    else this.#promptTokens = expect(promptTokens, contextLength, "prompt tokens");
    expect(maxTokens, request.maxTokens ?? contextLength, "tokens that an answer may have");
    this.#maxTokens = maxTokens;
  }
}

function expect(count: number, max: number, what: string): number {
  if (count <= max) return count;
  throw new AppError("upstream-invalid", {
    message: `The worker tells of ${count} ${what}, of at most ${max}.`,
  });
}
