import { AppError } from "@/lib/errors";

/**
 * What Hugging Face's `clean_up_tokenization` closes the gap of: a text that ends like the beginning of one
 * may lose the space in the next chunk.
 */
const CLEANED = [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"] as const;

const REPLACEMENT = "\ufffd";

export type Grown = {
  /** What came since, and is certain. */
  delta: string;
  /** The stop string that the text has run into; the rest is not for the reader. */
  stopString?: string;
};

/**
 * FastChat's workers send the whole text with each chunk. This tells what is new of it, and holds back what
 * the next chunk may still change: half a character (which comes as U+FFFD), the beginning of a stop string,
 * and a space that the tokenizer may take back. Some workers ignore stop strings; they are kept here too.
 */
export class GrowingText {
  readonly #stops: readonly string[];
  readonly #held: readonly string[];
  #told = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops;
    this.#held = [...stops, ...CLEANED];
  }

  /** All that was told. */
  get told(): string {
    return this.#told;
  }

  /** @throws AppError `upstream-invalid` when the worker takes back what was told. */
  grow(sent: string, { isLast }: { isLast: boolean }): Grown {
    // JSON can be cut between the two halves of a character; the half is held back like any that is not whole.
    const text = sent.toWellFormed();
    const stop = this.#findStop(text);
    const whole = stop === undefined ? text : text.slice(0, stop.index);
    const end = isLast || stop !== undefined ? whole.length : this.#certainLength(whole);
    // Shorter than what was told, it may grow there again.
    if (!whole.startsWith(this.#told) && !this.#told.startsWith(whole)) throw takenBack();
    const delta = whole.slice(this.#told.length, Math.max(end, this.#told.length));
    this.#told += delta;
    return { delta, ...(stop && { stopString: stop.stopString }) };
  }

  /** The first one; what was told holds none, nor the beginning of one at its end. */
  #findStop(text: string): { index: number; stopString: string } | undefined {
    let first: { index: number; stopString: string } | undefined;
    for (const stopString of this.#stops) {
      const index = text.indexOf(stopString, this.#told.length);
      if (index !== -1 && (first === undefined || index < first.index)) {
        first = { index, stopString };
      }
    }
    return first;
  }

  #certainLength(text: string): number {
    let end = text.length;
    while (end > 0 && text[end - 1] === REPLACEMENT) end -= 1;
    return end - heldLength(text.slice(0, end), this.#held);
  }
}

/** The longest end of `text` that one of `wholes` begins with, without being it. */
function heldLength(text: string, wholes: readonly string[]): number {
  let longest = 0;
  for (const whole of wholes) {
    for (let length = Math.min(whole.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(whole.slice(0, length))) {
        longest = length;
        break;
      }
    }
  }
  return longest;
}

function takenBack(): AppError {
  return new AppError("upstream-invalid", {
    message: "The worker of this model changed what it had already said.",
  });
}
