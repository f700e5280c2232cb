import { STYLE_FEATURES, type StyleColumns, type VoteColumns } from "@/lib/rating/vote-columns";
import { type Random, seededRandom } from "@/lib/util/random";

export type SyntheticOptions = { votes: number; models: number; seed: number };

/** Ordinary answers have so many of each at most, in the order of STYLE_FEATURES. */
const STYLE_MAX = [1500, 6, 20, 30];
/** What a whole difference in length does to log-odds. */
const LENGTH_EFFECT = 0.3;
/** Of votes on equal models. */
const TIE_SHARE = 0.25;

/**
 * Votes on models of known strength, as an arena has them: some models are drawn many times as often as others, ties
 * are likelier between equals, and longer answers win a little more.
 */
export function makeVotes({ votes: count, models: order, seed }: SyntheticOptions): VoteColumns {
  const random = seededRandom(seed);
  // 600 points from the weakest to the strongest.
  const strengths = Array.from({ length: order }, () => (random() - 0.5) * 3.5);
  const drawn = toDrawTable(order, random);
  const votes = {
    count,
    models: Array.from({ length: order }, (_, index) => `model-${index}`),
    modelA: new Uint16Array(count),
    modelB: new Uint16Array(count),
    outcome: new Uint8Array(count),
    style: makeStyle(count, random),
  };
  const { a: lengthA, b: lengthB } = votes.style.tokens;
  for (let vote = 0; vote < count; vote++) {
    const a = drawn[Math.floor(random() * drawn.length)] ?? 0;
    let b = a;
    while (b === a) b = drawn[Math.floor(random() * drawn.length)] ?? 0;
    votes.modelA[vote] = a;
    votes.modelB[vote] = b;
    const [left, right] = [lengthA[vote] ?? 0, lengthB[vote] ?? 0];
    const longer = (left - right) / (left + right + 1);
    const odds = (strengths[a] ?? 0) - (strengths[b] ?? 0) + LENGTH_EFFECT * longer;
    const chance = 1 / (1 + Math.exp(-odds));
    const isTie = random() < TIE_SHARE * 4 * chance * (1 - chance);
    if (isTie) votes.outcome[vote] = random() < 0.5 ? 2 : 3;
    else votes.outcome[vote] = random() < chance ? 0 : 1;
  }
  return votes;
}

/** Each model as often as it is likely to be drawn: from once to five times. */
function toDrawTable(order: number, random: Random): Uint16Array {
  const places: number[] = [];
  for (let model = 0; model < order; model++) {
    for (let times = 1 + Math.floor(random() * 5); times > 0; times--) places.push(model);
  }
  return Uint16Array.from(places);
}

function makeStyle(count: number, random: Random): StyleColumns {
  const side = (most: number) =>
    new Float32Array(count).map(() => Math.floor(most * random() * random()));
  const [tokens, headers, lists, bold] = STYLE_FEATURES.map((_, index) => {
    const most = STYLE_MAX[index] ?? 1;
    return { a: side(most), b: side(most) };
  });
  const none = { a: new Float32Array(), b: new Float32Array() };
  return {
    ...{ tokens: tokens ?? none, headers: headers ?? none },
    ...{ lists: lists ?? none, bold: bold ?? none },
  };
}
