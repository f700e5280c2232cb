import type { RatingPreset } from "./rating-options";
import { pickVotes, STYLE_FEATURES, type StyleColumns, type VoteColumns } from "./vote-columns";

/** Votes on answers whose style was counted, and how many others were left out. */
export function withStyle(votes: VoteColumns): { votes: VoteColumns; leftOut: number } {
  const { style } = votes;
  if (style === undefined)
    return { votes: pickVotes(votes, new Uint32Array()), leftOut: votes.count };
  const sides = STYLE_FEATURES.flatMap((name) => [style[name].a, style[name].b]);
  // As a rule all were, and nothing is copied; what is not a number makes none of the sum either.
  if (sides.every((side) => Number.isFinite(sumOf(side, votes.count))))
    return { votes, leftOut: 0 };
  const rows = new Uint32Array(votes.count);
  let kept = 0;
  for (let vote = 0; vote < votes.count; vote++) {
    if (sides.every((side) => Number.isFinite(side[vote]))) rows[kept++] = vote;
  }
  return { votes: pickVotes(votes, rows.subarray(0, kept)), leftOut: votes.count - kept };
}

function sumOf(side: Float32Array, count: number): number {
  let sum = 0;
  // Columns are as long as there are votes.
  for (let vote = 0; vote < count; vote++) sum += side[vote] as number;
  return sum;
}

/** Spread beside its mean below which a feature is the same in every vote, but for rounding. */
const CONSTANT_SPREAD = 1e-12;

/**
 * How much more of each feature the first answer has, relative to what both have, with mean 0 and standard deviation
 * 1 (of all votes, not of a sample); 0 throughout where it is the same in every vote.
 *
 * FastChat divides by one more than the sum. arena-rank divides by the sum, and takes 0 of nothing.
 *
 * @param extra features to leave room for, after the style's.
 * @returns row-major, `STYLE_FEATURES.length + extra` a vote; the room holds 1.
 */
export function toFeatures(
  votes: VoteColumns & { style: StyleColumns },
  preset: RatingPreset,
  extra: number,
): Float64Array {
  const { count, style } = votes;
  const width = STYLE_FEATURES.length + extra;
  const features = new Float64Array(count * width);
  if (extra > 0) features.fill(1);
  const addend = preset === "fastchat" ? 1 : 0;
  const shares = new Float64Array(count);
  for (const [column, name] of STYLE_FEATURES.entries()) {
    fillShares(style[name], addend, shares);
    const { mean, scale } = toStandard(shares);
    for (let vote = 0, place = column; vote < count; vote++, place += width) {
      features[place] = ((shares[vote] as number) - mean) * scale;
    }
  }
  return features;
}

function fillShares(
  { a, b }: { a: Float32Array; b: Float32Array },
  addend: number,
  shares: Float64Array,
): void {
  for (let vote = 0; vote < shares.length; vote++) {
    const left = a[vote] as number;
    const right = b[vote] as number;
    const sum = left + right + addend;
    shares[vote] = sum === 0 ? 0 : (left - right) / sum;
  }
}

function toStandard(shares: Float64Array): { mean: number; scale: number } {
  let total = 0;
  for (let vote = 0; vote < shares.length; vote++) total += shares[vote] as number;
  const mean = total / shares.length;
  let squares = 0;
  for (let vote = 0; vote < shares.length; vote++) {
    const distance = (shares[vote] as number) - mean;
    squares += distance * distance;
  }
  const deviation = Math.sqrt(squares / shares.length);
  const isConstant = deviation <= CONSTANT_SPREAD * Math.max(1, Math.abs(mean));
  return { mean, scale: isConstant ? 0 : 1 / deviation };
}
