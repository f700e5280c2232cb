import type { AnswerParser, AnswerPart } from "./answer-format";

type WithCount<Part> = Part extends { type: "tool-call-start" }
  ? Part
  : Part & { tokenCount: number };

/** A part with the tokens it stands for. The start of a call has none: its arguments follow at once. */
export type CountedPart = WithCount<AnswerPart>;

export type AnswerSplitterOptions = {
  /** Unless given, an answer may hold several calls; else those after the first are not told. */
  isParallel?: boolean;
};

/**
 * Parts of one answer out of its text, with each token counted once: on a part told after it with which
 * all is told that its text made. Whoever has heard of a token has nothing of it left to hear.
 */
export class AnswerSplitter {
  readonly #parser: AnswerParser;
  readonly #isParallel: boolean;
  #uncounted = 0;
  #hasCall = false;

  constructor(parser: AnswerParser, { isParallel = true }: AnswerSplitterOptions = {}) {
    this.#parser = parser;
    this.#isParallel = isParallel;
  }

  /** @param tokenCount the tokens that `text` stands for. */
  push(text: string, tokenCount: number): CountedPart[] {
    this.#uncounted += tokenCount;
    return this.#count(this.#parser.push(text));
  }

  /**
   * The rest, when no text follows. Tokens that stand for nothing that is told (a mark at the end) come
   * with a text part that is empty.
   */
  flush(): CountedPart[] {
    const parts = this.#count(this.#parser.flush());
    if (this.#uncounted > 0) parts.push(...this.#count([{ type: "text", text: "" }]));
    return parts;
  }

  /** Why the answer ended, as it is told: a model that stopped after calls waits for their results. */
  finishReason(reason: "stop" | "length"): "stop" | "length" | "tool-calls" {
    return reason === "stop" && this.#hasCall ? "tool-calls" : reason;
  }

  #count(parts: readonly AnswerPart[]): CountedPart[] {
    const told = parts.filter((part) => this.#isParallel || !("index" in part) || part.index === 0);
    return told.map((part, index) => {
      if (part.type === "tool-call-start") {
        this.#hasCall = true;
        return part;
      }
      if (index < told.length - 1) return { ...part, tokenCount: 0 };
      const tokenCount = this.#uncounted;
      this.#uncounted = 0;
      return { ...part, tokenCount };
    });
  }
}
