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
 * Collects the scores of tokens until the text they are part of comes. Tokens that never make text of the
 * message (the end of turn, the rest of a stop string, reasoning, calls and their marks) go unsaid.
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

  /** Those of `text`, the message's next; null, as on OpenAI's wire, when they were not asked for. */
  take(text: string): OpenAiLogProbabilities | null {
    if (!this.#isWanted) return null;
    const { start, end } = findTokens(this.#pending, Buffer.from(text));
    const content = this.#pending.slice(start, end);
    this.#pending = this.#pending.slice(end);
    return { content, refusal: null };
  }

  /** Those so far are of what is no part of the message's text. */
  drop(): void {
    this.#pending = [];
  }
}

/** The tokens that `text` was made of: what stands before them was a mark, what follows is held back still. */
function findTokens(tokens: readonly OpenAiTokenScore[], text: Buffer) {
  if (text.length === 0) return { start: 0, end: 0 };
  const written = Buffer.concat(tokens.map((token) => Buffer.from(token.bytes)));
  let at = 0;
  const ends = tokens.map((token) => {
    at += token.bytes.length;
    return at;
  });
  const from = findText(written, { text, starts: [0, ...ends] });
  if (from < 0) return { start: 0, end: tokens.length };
  return {
    start: ends.findIndex((end) => end > from),
    end: ends.findIndex((end) => end >= from + text.length) + 1,
  };
}

const SPACE = 0x20;

/**
 * Where a token begins, and the first such place: a text that was held back comes again in what is held
 * back after it, while a mark may have its letters in the middle. A token may also be a mark's end and the
 * text's beginning.
 */
function findText(written: Buffer, { text, starts }: { text: Buffer; starts: readonly number[] }) {
  const isHere = (at: number) => written.subarray(at, at + text.length).equals(text);
  // The space that an answer's first token begins with is no part of the text.
  const places = starts.flatMap((at) => (written[at] === SPACE ? [at, at + 1] : [at]));
  return places.find(isHere) ?? written.lastIndexOf(text);
}

function toToken({ bytes, logProbability }: ScoredToken): OpenAiToken {
  return { token: Buffer.from(bytes).toString("utf8"), logprob: logProbability, bytes };
}
