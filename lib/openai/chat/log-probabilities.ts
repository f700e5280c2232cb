import type { ScoredToken, TokenLogProbability } from "@/lib/protocol/generate-event";

/** OpenAI's `logprobs` of a choice. */
export type OpenAiLogProbabilities = { content: OpenAiTokenScore[]; refusal: null };

type OpenAiToken = {
  /** The token's text; bytes that are no whole code point become U+FFFD, and `bytes` has them. */
  token: string;
  logprob: number;
  bytes: number[];
};
export type OpenAiTokenScore = OpenAiToken & { top_logprobs: OpenAiToken[] };

/**
 * Collects the scores of tokens until the text they are part of comes. Tokens that never make text (the
 * end of turn, the rest of a stop string) are no part of the message, and their scores go unsaid.
 */
export class LogProbabilityCollector {
  readonly #isWanted: boolean;
  #pending: OpenAiTokenScore[] = [];

  constructor(isWanted: boolean) {
    this.#isWanted = isWanted;
  }

  add(event: TokenLogProbability): void {
    this.#pending.push({ ...toToken(event), top_logprobs: event.alternatives.map(toToken) });
  }

  /** Those since the last call; null, as on OpenAI's wire, when they were not asked for. */
  take(): OpenAiLogProbabilities | null {
    if (!this.#isWanted) return null;
    const content = this.#pending;
    this.#pending = [];
    return { content, refusal: null };
  }
}

function toToken({ bytes, logProbability }: ScoredToken): OpenAiToken {
  return { token: Buffer.from(bytes).toString("utf8"), logprob: logProbability, bytes };
}
