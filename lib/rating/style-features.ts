import type { RatingPreset } from "./rating-options";
import { pickVotes, STYLE_FEATURES, type StyleColumns, type VoteColumns } from "./vote-columns";

/** Votes on answers whose style was counted, and how many others were left out. */
export function withStyle(votes: VoteColumns): { votes: VoteColumns; leftOut: number } {
  const { style } = votes;
  if (style === undefined)
    return { votes: pickVotes(votes, new Uint32Array()), leftOut: votes.count };
  const rows = new Uint32Array(votes.count);
  const sides = STYLE_FEATURES.flatMap((name) => [style[name].a, style[name].b]);
  let kept = 0;
  for (let vote = 0; vote < votes.count; vote++) {
    let isCounted = true;
    for (const side of sides) if (!Number.isFinite(side[vote])) isCounted = false;
    if (isCounted) rows[kept++] = vote;
  }
  // As a rule all were, and nothing is copied.
  if (kept === votes.count) return { votes, leftOut: 0 };
  return { votes: pickVotes(votes, rows.subarray(0, kept)), leftOut: votes.count - kept };
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
  for (const [column, name] of STYLE_FEATURES.entries()) {
    const { a, b } = style[name];
    fillShares({ a, b, addend }, { features, width, column, count });
    standardise({ features, width, column, count });
  }
  return features;
}

type Column = { features: Float64Array; width: number; column: number; count: number };

function fillShares(
  { a, b, addend }: { a: Float32Array; b: Float32Array; addend: number },
  { features, width, column, count }: Column,
): void {
  for (let vote = 0, place = column; vote < count; vote++, place += width) {
    // Columns are as long as there are votes.
    const [left, right] = [a[vote] as number, b[vote] as number];
    const sum = left + right + addend;
    features[place] = sum === 0 ? 0 : (left - right) / sum;
  }
}

function standardise({ features, width, column, count }: Column): void {
  let total = 0;
  for (let vote = 0, place = column; vote < count; vote++, place += width) {
    total += features[place] as number;
  }
  const mean = total / count;
  let squares = 0;
  for (let vote = 0, place = column; vote < count; vote++, place += width) {
    squares += ((features[place] as number) - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / count);
  const scale = deviation <= CONSTANT_SPREAD * Math.max(1, Math.abs(mean)) ? 0 : 1 / deviation;
  for (let vote = 0, place = column; vote < count; vote++, place += width) {
    features[place] = ((features[place] as number) - mean) * scale;
  }
}
