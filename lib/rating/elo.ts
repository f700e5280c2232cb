import { RATED_MODELS_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { seededRandom } from "@/lib/util/random";
import { toScore } from "./outcome";
import type { PairCounts } from "./pair-counts";
import { CENTRE, POINTS } from "./points";
import { OUTCOME_CODES, type VoteColumns } from "./vote-columns";

/** Points that a vote moves at most. */
const K = 4;

/** Each vote in one number, since resamples read them all over the place: two places, then twice what was earned. */
export type PackedVotes = { votes: Uint32Array; order: number };

const PLACE_BITS = 12;
const PLACE_MASK = 2 ** PLACE_BITS - 1;
const SCORE_BITS = 2;
const SCORE_MASK = 2 ** SCORE_BITS - 1;

const HALVES_OF_OUTCOME = Uint8Array.from(OUTCOME_CODES, (outcome) => 2 * toScore(outcome));

export function packVotes(
  { count, modelA, modelB, outcome }: VoteColumns,
  { models, placeOf }: PairCounts,
): PackedVotes {
  assert(models.length <= RATED_MODELS_MAX && RATED_MODELS_MAX <= PLACE_MASK, "places have room");
  const votes = new Uint32Array(count);
  for (let vote = 0; vote < count; vote++) {
    // Every model of a vote has a place.
    const a = placeOf[modelA[vote] as number] as number;
    const b = placeOf[modelB[vote] as number] as number;
    const halves = HALVES_OF_OUTCOME[outcome[vote] as number] as number;
    votes[vote] = (((a << PLACE_BITS) | b) << SCORE_BITS) | halves;
  }
  return { votes, order: models.length };
}

/**
 * Ratings by place that each vote moves in turn, from 1000: by K times what was earned less what was expected, which
 * the opponent loses.
 */
export function toElo({ votes, order }: PackedVotes): Float64Array {
  const ratings = new Float64Array(order).fill(CENTRE);
  for (let vote = 0; vote < votes.length; vote++) move(ratings, votes[vote] as number);
  return ratings;
}

/** Of resampled votes, in the order in which they were drawn. */
export function bootstrapElo(
  { votes, order }: PackedVotes,
  { rounds, seed }: { rounds: number; seed: number },
): Float64Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: rounds }, () => {
    const ratings = new Float64Array(order).fill(CENTRE);
    for (let draw = 0; draw < votes.length; draw++) {
      move(ratings, votes[Math.floor(random() * votes.length)] as number);
    }
    return ratings;
  });
}

function move(ratings: Float64Array, vote: number): void {
  const a = vote >>> (PLACE_BITS + SCORE_BITS);
  const b = (vote >>> SCORE_BITS) & PLACE_MASK;
  // Packed votes name places below the order.
  const difference = (ratings[b] as number) - (ratings[a] as number);
  const expected = 1 / (1 + Math.exp(difference / POINTS));
  const change = K * ((vote & SCORE_MASK) / 2 - expected);
  ratings[a] = (ratings[a] as number) + change;
  ratings[b] = (ratings[b] as number) - change;
}
