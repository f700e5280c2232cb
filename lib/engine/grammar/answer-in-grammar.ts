import { GRAMMAR_ANSWER_WORK, GRAMMAR_TOKEN_WORK } from "@/lib/limits";
import { type Configuration, type LazyGrammar, tooAmbiguous } from "./lazy-grammar";
import { refuse } from "./refusal";
import type { TokenTable } from "./vocabulary-trie";

/** One answer's way, where the masks are made. */
export class AnswerInGrammar {
  readonly #grammar: LazyGrammar;
  readonly #tokens: TokenTable;
  readonly #endTokenIds: readonly number[];
  /** Undefined once an end token was accepted. */
  #at: Configuration | undefined;
  acceptedCount = 0;
  #workLeft = GRAMMAR_ANSWER_WORK;

  constructor(grammar: LazyGrammar, tokens: TokenTable, endTokenIds: readonly number[]) {
    this.#grammar = grammar;
    this.#tokens = tokens;
    this.#endTokenIds = endTokenIds;
    this.#at = grammar.start();
  }

  /** @throws AppError when the grammar does not go on with `id`. */
  accept(id: number): void {
    const { bytes, offsets } = this.#tokens;
    this.acceptedCount++;
    this.#workLeft += GRAMMAR_TOKEN_WORK;
    if (this.#at?.canEnd && this.#endTokenIds.includes(id)) {
      this.#at = undefined;
      return;
    }
    const token = bytes.subarray(offsets[id], offsets[id + 1]);
    const next = this.#at && token.length > 0 ? this.#grammar.advance(this.#at, token) : undefined;
    this.#spend();
    if (!next) throw refuse(`The answer left its grammar with token ${id}.`);
    this.#at = next;
  }

  /** One answer may take long at times, and not all the time: others wait meanwhile. */
  #spend(): void {
    this.#workLeft -= this.#grammar.work;
    if (this.#workLeft < 0) throw tooAmbiguous();
  }

  /**
   * Writes what may come next.
   *
   * @returns whether nothing may, save for an end token.
   * @throws AppError when nothing may although the answer is not whole: the vocabulary lacks a token for it.
   */
  writeMask(mask: Int32Array): boolean {
    if (!this.#at) {
      mask.fill(0);
      return true;
    }
    const { canEnd } = this.#at;
    const next = this.#grammar.maskOf(this.#at).slice();
    this.#spend();
    for (const id of this.#endTokenIds) next[id >> 5] = (next[id >> 5] ?? 0) & ~(1 << (id & 31));
    const isOver = next.every((word) => word === 0);
    if (isOver && !canEnd) {
      throw refuse(
        "No token of this model's vocabulary goes on with the answer as the grammar asks.",
      );
    }
    if (canEnd) {
      for (const id of this.#endTokenIds) next[id >> 5] = (next[id >> 5] ?? 0) | (1 << (id & 31));
    }
    // In one go: after a change of threads the same mask is written over one that is being read.
    mask.set(next);
    return isOver;
  }
}
