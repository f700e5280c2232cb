/** A text without the white space around it, handed on as it comes: what may be its end is held back. */
export class WordStream {
  #held = "";
  #hasBegun = false;

  push(text: string): string {
    const all = this.#held + text;
    const words = this.#hasBegun ? all : all.trimStart();
    const shown = words.trimEnd();
    this.#held = words.slice(shown.length);
    if (shown !== "") this.#hasBegun = true;
    return shown;
  }
}
