import type { AdjustedLogits } from "./adjusted-logits";
import { ScratchArray } from "./scratch-array";
import type { TokenLogits } from "./token-logits";

/**
 * The graph's sums of blocks, corrected for adjusted logits, and draws by them over the whole
 * vocabulary in order of id. The sums have single precision; the draw within a block does not depend
 * on it.
 */

const sumScratch = new ScratchArray((length) => new Float64Array(length));
const touchScratch = new ScratchArray((length) => new Uint8Array(length));
const weightScratch = new ScratchArray((length) => new Float64Array(length));

type Blocks = NonNullable<TokenLogits["blocks"]>;

/** One row whose blocks are summed. Weights are relative to `highest`, the model's highest logit. */
export type BlockRow = {
  readonly blocks: Blocks;
  readonly adjusted: AdjustedLogits;
  readonly vocabularySize: number;
  readonly highest: number;
  readonly temperature: number;
};

/** Sums after adjustment and their total; undefined when they are no basis for a draw. */
export type BlockSums = { readonly sums: Float64Array | Float32Array; readonly total: number };

/** A block that lost more than this share of its sum is summed anew: the difference would be rounding. */
const LOST_SHARE_MAX = 0.5;

export function toBlockSums(row: BlockRow): BlockSums | undefined {
  const { sums } = row.blocks;
  const corrected = row.adjusted.count === 0 ? sums : correct(row);
  let total = 0;
  for (let block = 0; block < sums.length; block++) total += corrected[block] as number;
  // Infinity when a bias outgrows the scale, NaN when the row holds one: the whole row decides.
  return total > 0 && total < Number.POSITIVE_INFINITY ? { sums: corrected, total } : undefined;
}

function correct(row: BlockRow): Float64Array {
  const { blocks, adjusted, highest, temperature } = row;
  const { sums, blockSize } = blocks;
  const corrected = sumScratch.take(sums.length);
  const touched = touchScratch.take(sums.length);
  corrected.set(sums);
  touched.fill(0, 0, sums.length);
  for (let index = 0; index < adjusted.count; index++) {
    const id = adjusted.ids[index] as number; // Within the first `count`.
    const block = Math.floor(id / blockSize);
    const before = Math.exp((adjusted.raw(id) - highest) / temperature);
    const after = Math.exp((adjusted.get(id) - highest) / temperature);
    corrected[block] = (corrected[block] as number) + (after - before);
    touched[block] = 1;
  }
  for (let block = 0; block < sums.length; block++) {
    if (touched[block] === 0) continue;
    const least = (sums[block] as number) * (1 - LOST_SHARE_MAX);
    if ((corrected[block] as number) < least) corrected[block] = weigh(row, block);
  }
  return corrected;
}

/** Writes the weights of one block to the scratch array and returns their sum. */
function weigh(row: BlockRow, block: number): number {
  const { adjusted, highest, temperature } = row;
  const { blockSize } = row.blocks;
  const weights = weightScratch.take(blockSize);
  const start = block * blockSize;
  const length = Math.min(blockSize, row.vocabularySize - start);
  let sum = 0;
  for (let index = 0; index < length; index++) {
    const weight = Math.exp((adjusted.get(start + index) - highest) / temperature);
    weights[index] = weight;
    sum += weight;
  }
  return sum;
}

/**
 * The token at `random` of the distribution over all tokens in order of id; undefined when rounding
 * leaves none.
 */
export function drawFromBlocks(
  row: BlockRow,
  { sums, total }: BlockSums,
  random: number,
): number | undefined {
  const target = random * total;
  let before = 0;
  for (let block = 0; block < row.blocks.sums.length; block++) {
    const sum = sums[block] as number; // Within bounds by the loop's condition.
    if (before + sum > target) return drawWithin(row, block, (target - before) / sum);
    before += sum;
  }
  return undefined;
}

/** @param share of the block's mass that lies before the token, in [0, 1). */
function drawWithin(row: BlockRow, block: number, share: number): number | undefined {
  const target = share * weigh(row, block);
  const { blockSize } = row.blocks;
  const start = block * blockSize;
  const length = Math.min(blockSize, row.vocabularySize - start);
  const weights = weightScratch.take(blockSize);
  let sum = 0;
  let last: number | undefined;
  for (let index = 0; index < length; index++) {
    const weight = weights[index] as number; // Within bounds by the loop's condition.
    sum += weight;
    if (weight > 0) last = start + index;
    if (sum > target) break;
  }
  // The last possible one when rounding put the target at the very end.
  return last;
}
