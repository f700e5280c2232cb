/** Of all words of two questions, those in both: from here on they are one question, asked twice. */
const SAME_SHARE_MIN = 0.75;
/** One sign so many times in a row is nothing that anybody asked. */
const FILLER = /(.)\1{31}/u;

/** Tells questions that were shown before, whatever their capitals, blanks and marks. */
export class ShownQuestions {
  readonly #shown: ReadonlySet<string>[] = [];

  /** @returns false where it says what another one said, or nothing. */
  add(text: string): boolean {
    const words = toWords(text);
    if (words.size === 0 || FILLER.test(text)) return false;
    if (this.#shown.some((other) => toShare(words, other) >= SAME_SHARE_MIN)) return false;
    this.#shown.push(words);
    return true;
  }
}

const segmenter = new Intl.Segmenter("und", { granularity: "word" });

function toWords(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const { segment, isWordLike } of segmenter.segment(text.normalize("NFKC").toLowerCase())) {
    if (isWordLike) words.add(segment);
  }
  return words;
}

function toShare(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let both = 0;
  for (const word of one) if (other.has(word)) both += 1;
  return both / (one.size + other.size - both);
}
