/** How many columns of a terminal a text takes. */

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** East Asian Wide and Fullwidth of Unicode 16 (EastAsianWidth.txt), in ranges; emoji have a property of their own. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const ASCII = /^[\x20-\x7e]*$/;

/**
 * What may join its neighbours: marks, joiners, flags, tones of skin, parts of Hangul; with a neighbour on both
 * sides. Runs of it are short in every script, and cut where somebody makes them long.
 */
const JOINING =
  /\S?(?:[\p{M}\p{Cf}\p{RI}\p{Emoji_Modifier}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]{1,32}[^\s\x20-\x7e]?){1,16}/gu;

/**
 * What a person sees as one letter, in order. V8's segmenter needs time by the square of a text's length
 * (measured with Node 20: 6,000 letters of Japanese took 0.6 s), so that it is asked of short runs alone.
 */
export function toGraphemes(text: string): string[] {
  if (ASCII.test(text)) return [...text];
  const letters: string[] = [];
  let from = 0;
  for (const { 0: run, index } of text.matchAll(JOINING)) {
    for (const letter of text.slice(from, index)) letters.push(letter);
    for (const { segment } of graphemes.segment(run)) letters.push(segment);
    from = index + run.length;
  }
  for (const letter of text.slice(from)) letters.push(letter);
  return letters;
}

/** Columns of one grapheme: 0, 1 or 2. */
export function graphemeWidth(grapheme: string): number {
  if (ASCII.test(grapheme)) return grapheme.length;
  if (NOTHING.test(grapheme)) return 0;
  return WIDE.test(grapheme) || EMOJI.test(grapheme) ? 2 : 1;
}

/** Columns of a text without control characters. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  return toGraphemes(text).reduce((sum, it) => sum + graphemeWidth(it), 0);
}
