import { AppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import type { GenerationEnd } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { measureRequest } from "@/lib/protocol/measure-request";
import {
  UPSTREAM_TOKEN_CHARACTERS_MAX,
  UPSTREAM_UNCOUNTED_CHARACTERS_MAX,
} from "@/lib/upstream-limits";
import { type Choice, type Chunk, readDelta, type Usage } from "./wire";

/**
 * Tokens of one answer, as its server tells them and within what the answer may have: in each chunk
 * (`continuous_usage_stats`), by the log-probabilities, or else one for each piece of text until the end tells
 * the sum. A server that tells nothing is counted by characters.
 */
export class TokenCount {
  readonly #request: GenerateRequest;
  readonly #contextLength: number;
  readonly #max: number;
  readonly #charactersMax: number;
  #usage: Usage | undefined;
  #characters = 0;
  /** Told with the events so far. */
  #told = 0;
  /** Seen of chunks of which nothing was told yet. */
  #postponed = 0;
  /** Of the usage that chunks tell. */
  #seen = 0;

  constructor(request: GenerateRequest, contextLength: number) {
    this.#request = request;
    this.#contextLength = contextLength;
    this.#max = request.maxTokens ?? contextLength;
    const tokensMax = this.#max + (request.reportPrompt ? contextLength : 0);
    this.#charactersMax =
      UPSTREAM_UNCOUNTED_CHARACTERS_MAX + tokensMax * UPSTREAM_TOKEN_CHARACTERS_MAX;
  }

  /** Undefined until the server tells. */
  get promptTokens(): number | undefined {
    return this.#usage?.prompt_tokens ?? undefined;
  }

  /**
   * @returns the tokens that this chunk stands for.
   * @throws AppError `upstream-invalid` for an answer that goes on beyond what its tokens could be.
   */
  see({ choices, usage }: Chunk): number {
    if (usage) this.#usage = usage;
    const choice = choices?.[0];
    const characters = choice ? charactersOf(choice) : 0;
    this.#characters += characters;
    if (this.#characters > this.#charactersMax) {
      const message = "The server behind this model does not end its answer where it was told to.";
      throw new AppError("upstream-invalid", { message });
    }
    const sum = usage?.completion_tokens;
    // Zeros in every chunk are what servers tell that count nothing.
    if (choice && sum) {
      const added = Math.max(0, sum - this.#seen);
      this.#seen = Math.max(this.#seen, sum);
      return added;
    }
    const added = scoresOf(choice) || (characters > 0 ? 1 : 0);
    this.#seen += added;
    return added;
  }

  /** They are told with the next event. */
  postpone(tokens: number): void {
    this.#postponed += tokens;
  }

  /** @returns how many the event may stand for. */
  tell(tokens: number): number {
    const allowed = Math.min(tokens + this.#postponed, this.#max - this.#told);
    this.#postponed = 0;
    this.#told += allowed;
    return allowed;
  }

  toUsage(): GenerationEnd["usage"] {
    const { prompt_tokens: prompt, completion_tokens: completion } = this.#usage ?? {};
    const cached =
      this.#usage?.prompt_tokens_details?.cached_tokens ?? this.#usage?.prompt_cache_hit_tokens;
    const guessed = Math.max(this.#seen, Math.ceil(this.#characters / CHARACTERS_A_TOKEN));
    // No prompt has none.
    const promptTokens = Math.min(prompt || this.#guessPrompt(), this.#contextLength);
    return {
      promptTokens,
      completionTokens: Math.min(this.#max, Math.max(this.#told, completion || guessed)),
      ...(cached != null && { cachedPromptTokens: Math.min(cached, promptTokens) }),
    };
  }

  #guessPrompt(): number {
    return Math.ceil(measureRequest(this.#request).promptCharacters / CHARACTERS_A_TOKEN);
  }
}

function charactersOf({ delta, message, text }: Choice): number {
  const own = delta ?? message;
  if (!own) return text?.length ?? 0;
  const said = readDelta(own);
  const calls = (own.tool_calls ?? []).map((call) => sizeOf(call.function?.arguments));
  return calls.reduce((total, size) => total + size, said.text.length + said.reasoning.length);
}

function sizeOf(value: unknown): number {
  if (value == null) return 0;
  return typeof value === "string" ? value.length : JSON.stringify(value).length;
}

function scoresOf(choice: Choice | undefined): number {
  const { logprobs } = choice ?? {};
  if (!logprobs) return 0;
  return "tokens" in logprobs ? logprobs.tokens.length : (logprobs.content?.length ?? 0);
}
