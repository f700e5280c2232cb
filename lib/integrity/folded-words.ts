/** A word of a text: letters alone or digits alone, folded; of scripts that are written without blanks one character. */
export type Word = {
  text: string;
  /** In the folded text. */
  start: number;
  end: number;
  /** Between it and the word before stands nothing, or a few blanks and joining marks. */
  isNear: boolean;
  /** Nothing but a blank, a hyphen or an apostrophe does. */
  isTight: boolean;
  startsSentence: boolean;
};

// Made of a text, since the flag `v` is newer than what this project compiles to; Node 20 has it. It splits
// `我是Qwen` and `저는Qwen입니다`, in which no blank does, and keeps `café` in one.
const UNSPACED = "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}";
const WORD = new RegExp(`[${UNSPACED}]|[\\p{L}--[${UNSPACED}]]+|\\p{N}+`, "gv");
const NEAR = /^[\s\-‐‑–_./'’*+]{0,3}$/u;
const TIGHT = /^[ \-‐‑'’]?$/u;
const SENTENCE_END = /[.!?。！？]\s|[\n。！？]/u;

/** Without case, accents, and characters that are not seen; other forms of a letter become the usual one. */
export function fold(text: string): string {
  return (
    text
      .normalize("NFKD")
      .replaceAll(/[\p{M}\p{Cf}]/gu, "")
      // Syllables of Hangul, which the first step took apart, are whole again.
      .normalize("NFC")
      .toLowerCase()
      .replaceAll(/[а-яі]/g, (letter) => LOOK_ALIKES[letter] ?? letter)
  );
}

/** Cyrillic letters that look like Latin ones, so that `сlаudе` is read as it looks. Names alone are compared. */
const LOOK_ALIKES: Record<string, string> = {
  ...{ а: "a", в: "b", е: "e", к: "k", м: "m", н: "h", о: "o" },
  ...{ р: "p", с: "c", т: "t", у: "y", х: "x", і: "i" },
};

/** @param text folded or not */
export function wordsOf(text: string): Word[] {
  const folded = fold(text);
  const words: Word[] = [];
  let before = 0;
  for (const match of folded.matchAll(WORD)) {
    const [found] = match;
    const start = match.index;
    const gap = folded.slice(before, start);
    // Nearly all are, and three searches of each cost more than all the rest.
    const isPlain = gap === "" || gap === " ";
    const isFirst = words.length === 0;
    words.push({
      ...{ text: found, start, end: start + found.length },
      isNear: !isFirst && (isPlain || (NEAR.test(gap) && !gap.includes("\n"))),
      isTight: !isFirst && (isPlain || TIGHT.test(gap)),
      startsSentence: isFirst || (!isPlain && SENTENCE_END.test(gap)),
    });
    before = start + found.length;
  }
  return words;
}
