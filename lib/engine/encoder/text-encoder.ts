import type { SpecialTokens } from "./special-tokens";
import { Turns } from "./turns";

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
 * Characters that are made tokens of at a time: some 30 ms of English (a megabyte takes 1.4 to 2 s), in
 * which the thread does nothing else.
 */
const BLOCK_CHARACTERS = 16_384;
/** A text, or a word, of no more is never cut. */
const BLOCK_CHARACTERS_MAX = 4 * BLOCK_CHARACTERS;

/**
 * The first ids of a text alone: `countMax` of them or more, or all there are. Most of a text that is cut
 * is never looked at.
 *
 * @throws the reason of the turns' signal.
 */
export async function encodeStart(
  encoder: Pick<TextEncoder, "encodeText">,
  text: string,
  options: { countMax: number; turns: Turns },
): Promise<number[]> {
  const { countMax, turns } = options;
  let length = Math.max(CHARACTERS_MIN, (countMax + UNSURE_TOKENS) * CHARACTERS_PER_TOKEN);
  for (; length < Math.min(text.length, BLOCK_CHARACTERS_MAX); length *= 4) {
    // At a space where there is one: words are what tokenizers take apart.
    const space = text.lastIndexOf(" ", length);
    const end = space > length / 2 ? space : length;
    const ids = encoder.encodeText(text.slice(0, end));
    if (ids.length >= countMax + UNSURE_TOKENS) return ids.slice(0, -UNSURE_TOKENS);
    await turns.next();
  }
  const ids: number[] = [];
  const joins = text.length > BLOCK_CHARACTERS_MAX && addsSpaces(encoder);
  for (let start = 0; start < text.length && ids.length < countMax; ) {
    const end = findCut(text, start);
    const first = joins && start > 0 && text[start] === " " ? start + 1 : start;
    for (const id of encoder.encodeText(text.slice(first, end))) ids.push(id);
    start = end;
    await turns.next();
  }
  return ids;
}

/**
 * The ids of a whole text alone, made in turns with others.
 *
 * @throws the signal's reason.
 */
export function encodeInTurns(
  encoder: Pick<TextEncoder, "encodeText">,
  text: string,
  signal: AbortSignal,
): Promise<number[]> {
  const options = { countMax: Number.POSITIVE_INFINITY, turns: new Turns(signal) };
  return encodeStart(encoder, text, options);
}

/**
 * Whether the tokenizer puts a space before whatever it is given, so that a block that begins with one
 * would have two (Llama 2's does; those that work on bytes do not, and need the block's own).
 */
function addsSpaces(encoder: Pick<TextEncoder, "encodeText">): boolean {
  const apart = [...encoder.encodeText("a"), ...encoder.encodeText("b")];
  return apart.join() === encoder.encodeText("a b").join();
}

/**
 * Where the block ends that begins at `start`: before a space that stands alone between words, where
 * tokens are the same whether the text is cut or not; failing that, at the end of a line; failing that,
 * at a character.
 */
function findCut(text: string, start: number): number {
  const last = start + BLOCK_CHARACTERS_MAX;
  if (text.length <= last) return text.length;
  const first = start + BLOCK_CHARACTERS;
  for (let at = first; at > start; at--) if (isBetween(text, at, " ")) return at;
  for (let at = first; at > start; at--) if (isBetween(text, at, "\n")) return at;
  for (let at = first; at < last; at++) if (isBetween(text, at, " ")) return at;
  const code = text.charCodeAt(last);
  // Not between the two halves of a character.
  return code >= 0xdc00 && code < 0xe000 ? last - 1 : last;
}

/** Whether this character stands there, and between words. */
function isBetween(text: string, at: number, character: " " | "\n"): boolean {
  return text[at] === character && /^\S\s\S$/.test(text.slice(at - 1, at + 2));
}
