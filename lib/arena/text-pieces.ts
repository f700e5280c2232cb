/**
 * Cuts a stream of text into pieces whose bounds depend on the text alone: after each run of white space,
 * or after 24 code points without one. A model's own deltas are its tokens, and how it cuts words tells
 * models apart; in a blind battle readers get these pieces instead.
 */
export class TextPieces {
  #held = "";

  /** Takes text in and gives the pieces that are whole. */
  push(text: string): string[] {
    const pieces: string[] = [];
    for (const character of text) {
      const isSpace = /\s/u.test(character);
      // A run of white space ends with the first character after it.
      if (this.#held !== "" && !isSpace && /\s$/u.test(this.#held)) pieces.push(this.#take());
      this.#held += character;
      if (!isSpace && [...this.#held].length >= CODE_POINTS_MAX) pieces.push(this.#take());
    }
    return pieces;
  }

  /** What is left when the text is over. */
  end(): string[] {
    return this.#held === "" ? [] : [this.#take()];
  }

  #take(): string {
    const piece = this.#held;
    this.#held = "";
    return piece;
  }
}

const CODE_POINTS_MAX = 24;
