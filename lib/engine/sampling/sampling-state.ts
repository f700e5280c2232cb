import type { TokenMask } from "../grammar/grammar";

/** What a draw depends on besides the logits and the request's parameters. */
export type SamplingState = {
  /** Number of tokens before the one to draw: prompt and answer so far. */
  position: number;
  /** 0 for the first of `n` answers; part of the draw's key. */
  choice: number;
  /** For the repetition penalty. */
  promptIds: readonly number[];
  /** Times each token stands in the answer so far. */
  outputCounts: ReadonlyMap<number, number>;
  /** May not be drawn now, as end tokens before `min_tokens`. */
  bannedIds: readonly number[];
  /**
   * What a grammar allows next; bits beyond the vocabulary name nothing. Unlike bans it always holds.
   * Undefined allows everything.
   */
  mask?: TokenMask | undefined;
};
