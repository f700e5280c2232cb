/**
 * The logits of one next token over the whole vocabulary, with what the graph has already worked out
 * about them. Views of memory that the next pass overwrites; nobody writes to them.
 */
export type TokenLogits = {
  /** Every token's raw logit, by id. */
  readonly all: Float32Array;
  /**
   * The most likely tokens, best first, equal ones in order of id; undefined when the graph does not
   * sort. Everything outside has a logit of at most the last of `values`.
   */
  readonly top: { readonly ids: BigInt64Array; readonly values: Float32Array } | undefined;
  /**
   * Probability mass, not normalised, of each run of `blockSize` consecutive ids at the temperature
   * the pass was told: `sums[k] = Σ exp((logit − highest) / temperature)` over block k, the last block
   * possibly shorter. With it a token is drawn from the whole vocabulary by looking at two short lists
   * instead of 150,000 numbers. Undefined when the graph does not sum or was not asked to.
   */
  readonly blocks: { readonly blockSize: number; readonly sums: Float32Array } | undefined;
};

/** The same in memory of its own, for who draws later than the next pass. */
export function copyLogits({ all, top, blocks }: TokenLogits): TokenLogits {
  return {
    all: all.slice(),
    top: top && { ids: top.ids.slice(), values: top.values.slice() },
    blocks: blocks && { blockSize: blocks.blockSize, sums: blocks.sums.slice() },
  };
}
