import type { TokenBytes } from "./token-bytes";

export type DetokenizerOptions = {
  /** Whether control tokens are spelled out (to show a prompt) or left out (an answer). */
  control: "spelled" | "omitted";
  /** Control tokens that are spelled out all the same: an answer's marks around calls and reasoning. */
  spelledIds?: ReadonlySet<number>;
};

/**
 * Token ids to text, one id at a time. Bytes go through one streaming UTF-8 decoder, so the work is in
 * the new token alone, never in the answer so far, and half a code point waits for its other half.
 * Clean-up of spaces around punctuation (`clean_up_tokenization_spaces`) is not done: it changes text
 * that was already sent and cannot be undone.
 */
export class Detokenizer {
  readonly #tokens: TokenBytes;
  readonly #options: DetokenizerOptions;
  /** A byte order mark is text here: the model wrote it. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #dropSpace: boolean;

  constructor(tokens: TokenBytes, options: DetokenizerOptions = { control: "omitted" }) {
    this.#tokens = tokens;
    this.#options = options;
    this.#dropSpace = tokens.dropsFirstSpace;
  }

  /** The text that `id` completes; empty while a code point is open. */
  push(id: number): string {
    const piece = this.#tokens.get(id);
    if (piece.isControl && this.#isOmitted(id)) return "";
    return this.#afterFirstSpace(this.#decoder.decode(piece.bytes, { stream: true }));
  }

  /** What is left when no token follows: U+FFFD for a code point that never closed. */
  flush(): string {
    return this.#afterFirstSpace(this.#decoder.decode());
  }

  #isOmitted(id: number): boolean {
    return this.#options.control === "omitted" && !this.#options.spelledIds?.has(id);
  }

  #afterFirstSpace(text: string): string {
    if (!this.#dropSpace || text === "") return text;
    this.#dropSpace = false;
    return text.startsWith(" ") ? text.slice(1) : text;
  }
}
