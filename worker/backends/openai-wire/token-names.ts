/**
 * The ids of an answer's tokens between the chunk that names them and the event that counts them. A server that
 * names more or fewer than it counts has left some out (vLLM 0.11.0 does, of what its parsers withhold),
 * and nothing it names from then on is of use.
 */
export class TokenNames {
  #ids: number[] | undefined = [];

  /** Every token so far was named. */
  get isWhole(): boolean {
    return this.#ids !== undefined;
  }

  /** A chunk that stands for `tokens`. */
  see(ids: readonly number[], tokens: number): void {
    if (ids.length === tokens) this.#ids?.push(...ids);
    else this.giveUp();
  }

  giveUp(): void {
    this.#ids = undefined;
  }

  /** Those that were not taken yet; undefined where they are not `count` of them. */
  take(count: number): number[] | undefined {
    const ids = this.#ids;
    if (ids?.length !== count) {
      this.giveUp();
      return undefined;
    }
    this.#ids = [];
    return ids;
  }
}
