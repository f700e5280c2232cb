import type { GenerationEvent, ScoredToken } from "@/lib/protocol/generate-event";
import { assert } from "@/lib/util/assert";

/** OpenAI's `logprobs` of a completion: four lists of one entry a token. */
export type CompletionLogProbabilities = {
  tokens: string[];
  /** Null for a prompt's first token, which follows nothing. */
  token_logprobs: (number | null)[];
  top_logprobs: (Record<string, number> | null)[];
  /**
   * Where each token begins, in UTF-16 units of the choice's text; within a code point, where that begins.
   * A token without text, which `ignore_eos` lets an answer go on after, counts by its name.
   */
  text_offset: number[];
};

export type ChoiceOptions = {
  /** Alternatives to show with each token; undefined shows no log-probabilities. */
  scoreCount: number | undefined;
  echoes: boolean;
};

type Piece = { text: string; logprobs: CompletionLogProbabilities | null };
type Scored = { bytes: number[]; logProbability?: number | undefined; alternatives: ScoredToken[] };

/**
 * One choice of a completion as it comes: what to say of each event, and how likely it was. Every token
 * has its entry, those without text too (the end of turn): who evaluates counts them.
 */
export class CompletionChoice {
  readonly #options: ChoiceOptions;
  /** How long the text of all tokens so far is, but for a code point that is not whole yet. */
  #offset = 0;
  /** As the text itself is decoded, of which a mark of byte order is a part like any other. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #promptBytes: number[] = [];
  #pending: Scored[] = [];
  #sum = 0;
  #count = 0;

  constructor(options: ChoiceOptions) {
    this.#options = options;
  }

  /** Undefined for what adds nothing. */
  take(event: GenerationEvent): Piece | undefined {
    switch (event.type) {
      case "prompt-tokens":
        if (this.#options.echoes) {
          this.#pending.push(...event.tokens);
          this.#promptBytes.push(...event.tokens.flatMap((token) => token.bytes));
        }
        return undefined;
      case "token-log-probability": {
        const echoed = this.#flushPrompt();
        this.#pending.push(event);
        this.#sum += event.logProbability;
        this.#count++;
        return echoed;
      }
      case "text-delta":
        return this.#say(this.#takePrompt() + event.text);
      case "generation-end":
        return this.#say(this.#takePrompt());
      default:
        return undefined;
    }
  }

  /** What ranks answers: the mean log-probability of a token, as OpenAI's `best_of` is defined. */
  get score(): number {
    return this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#sum / this.#count;
  }

  /** The prompt goes out before the first token of the answer, with its own scores. */
  #flushPrompt(): Piece | undefined {
    if (this.#promptBytes.length === 0) return undefined;
    const piece = this.#say(this.#takePrompt());
    // The prompt is a text of its own: what it breaks off is not gone on with.
    this.#offset += this.#decoder.decode().length;
    return piece;
  }

  #takePrompt(): string {
    const text = Buffer.from(this.#promptBytes).toString("utf8");
    this.#promptBytes = [];
    return text;
  }

  #say(text: string): Piece | undefined {
    const scored = this.#pending;
    this.#pending = [];
    if (text === "" && scored.length === 0) return undefined;
    return { text, logprobs: this.#toLists(scored) };
  }

  #toLists(scored: readonly Scored[]): CompletionLogProbabilities | null {
    if (this.#options.scoreCount === undefined) return null;
    const lists: CompletionLogProbabilities = {
      ...{ tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] },
    };
    for (const token of scored) {
      lists.tokens.push(toText(token.bytes));
      lists.text_offset.push(this.#offset);
      this.#offset += this.#decoder.decode(Uint8Array.from(token.bytes), { stream: true }).length;
      lists.token_logprobs.push(token.logProbability ?? null);
      lists.top_logprobs.push(toTop(token));
    }
    return lists;
  }
}

/** The likeliest tokens and the one itself, each under its text, with the very same numbers. */
function toTop({ bytes, logProbability, alternatives }: Scored): Record<string, number> | null {
  if (logProbability === undefined) return null;
  const entries = alternatives.map((it) => [toText(it.bytes), it.logProbability] as const);
  return Object.fromEntries([...entries, [toText(bytes), logProbability]]);
}

/** A token's text; one that is no whole code point as OpenAI spells it, so that no two are the same. */
function toText(bytes: readonly number[]): string {
  const text = Buffer.from(bytes).toString("utf8");
  if (!text.includes("\ufffd")) return text;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
}

/** Pieces of one choice, joined. */
export function joinPieces(pieces: readonly Piece[]): Piece {
  const lists = pieces.flatMap((piece) => piece.logprobs ?? []);
  const [first] = lists;
  return {
    text: pieces.map((piece) => piece.text).join(""),
    logprobs: first
      ? {
          tokens: lists.flatMap((it) => it.tokens),
          token_logprobs: lists.flatMap((it) => it.token_logprobs),
          top_logprobs: lists.flatMap((it) => it.top_logprobs),
          text_offset: lists.flatMap((it) => it.text_offset),
        }
      : null,
  };
}

/** The best of several finished answers, in order of rank; equal ones in the order they were drawn. */
export function pickBest<T extends { score: number }>(answers: readonly T[], count: number): T[] {
  assert(answers.length >= count, "no more are given than were made");
  return answers.toSorted((a, b) => b.score - a.score).slice(0, count);
}
