import type { SpecialTokens } from "./special-tokens";

/** What a text is made tokens by, and the control tokens that belong around it. */
export interface TextEncoder {
  readonly special: SpecialTokens;
  /** Ids of the text alone. */
  encodeText(text: string): number[];
}

/** Characters of text looked at first for each token wanted; English has four to five a token. */
const CHARACTERS_PER_TOKEN = 8;
const CHARACTERS_MIN = 1_024;
/** Tokens at the end of a part of a text that the next words might change. */
const UNSURE_TOKENS = 16;

/**
 * The first ids of a text alone: `countMax` of them or more, or all there are. Most of a text that is cut
 * is never looked at: making tokens of a megabyte takes seconds in which nobody else is served.
 */
export function encodeStart(encoder: TextEncoder, text: string, countMax: number): number[] {
  let length = Math.max(CHARACTERS_MIN, (countMax + UNSURE_TOKENS) * CHARACTERS_PER_TOKEN);
  for (; length < text.length; length *= 4) {
    // At a space where there is one: words are what tokenizers take apart.
    const space = text.lastIndexOf(" ", length);
    const end = space > length / 2 ? space : length;
    const ids = encoder.encodeText(text.slice(0, end));
    if (ids.length >= countMax + UNSURE_TOKENS) return ids.slice(0, -UNSURE_TOKENS);
  }
  return encoder.encodeText(text);
}
