import { AppError } from "@/lib/errors";
import { RATED_MODELS_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { toScore } from "./outcome";
import { OUTCOME_CODES, type VoteColumns } from "./vote-columns";

/**
 * Votes aggregated once: how often which ordered pair had which outcome. Without features of single votes
 * everything else is computed from these counts, whose number does not grow with the votes.
 */
export type PairCounts = {
  /** Models with a vote: indices into the columns' models, ascending. */
  models: Uint16Array;
  /** For each of the columns' models its place in `models`; -1 without a vote. */
  placeOf: Int32Array;
  /** `OUTCOMES` numbers for each ordered pair of places: lost, tied, won by the one that stood first. */
  cells: Float64Array;
  votes: number;
};

/** Both kinds of tie are one: what the first model earned is nothing, half a win or a win. */
export const OUTCOMES = 3;

/** Column value → place within a cell. */
const PLACE_OF_OUTCOME = Uint8Array.from(OUTCOME_CODES, (outcome) => 2 * toScore(outcome));

/** @throws AppError when more than RATED_MODELS_MAX models have votes: the equations are dense. */
export function countPairs(votes: VoteColumns): PairCounts {
  const { count, modelA, modelB, outcome } = votes;
  assert(
    modelA.length === count && modelB.length === count && outcome.length === count,
    "every column has a value for each vote",
  );
  const { models, placeOf } = findModels(votes);
  const order = models.length;
  const cells = new Float64Array(order * order * OUTCOMES);
  for (let vote = 0; vote < count; vote++) {
    // Loop bounds are the columns' lengths, and both models were found above.
    const a = placeOf[modelA[vote] as number] as number;
    const b = placeOf[modelB[vote] as number] as number;
    const cell = (a * order + b) * OUTCOMES + (PLACE_OF_OUTCOME[outcome[vote] as number] as number);
    cells[cell] = (cells[cell] as number) + 1;
  }
  for (let place = 0; place < order; place++) {
    const own = (place * order + place) * OUTCOMES;
    const against = cells.subarray(own, own + OUTCOMES).reduce((sum, value) => sum + value, 0);
    assert(against === 0, "a vote is on two models");
  }
  return { models, placeOf, cells, votes: count };
}

function findModels(votes: VoteColumns): Pick<PairCounts, "models" | "placeOf"> {
  const { count, modelA, modelB } = votes;
  const placeOf = new Int32Array(votes.models.length).fill(-1);
  for (let vote = 0; vote < count; vote++) {
    placeOf[modelA[vote] as number] = 0;
    placeOf[modelB[vote] as number] = 0;
  }
  const models = Uint16Array.from(
    Array.from(placeOf.keys()).filter((model) => placeOf[model] === 0),
  );
  if (models.length > RATED_MODELS_MAX) {
    throw new AppError("invalid-request", {
      message: `These votes are on ${models.length} models, and at most ${RATED_MODELS_MAX} are rated together. Leave some models out.`,
    });
  }
  for (const [place, model] of models.entries()) placeOf[model] = place;
  return { models, placeOf };
}

/** Votes of each two places, whichever stood first; row-major and symmetric. */
export function toPairVotes({ models, cells }: PairCounts): Float64Array {
  const order = models.length;
  const votes = new Float64Array(order * order);
  for (let cell = 0; cell < cells.length; cell++) {
    const count = cells[cell] as number;
    if (count === 0) continue;
    const pair = Math.floor(cell / OUTCOMES);
    const second = pair % order;
    const other = second * order + (pair - second) / order;
    votes[pair] = (votes[pair] as number) + count;
    votes[other] = (votes[other] as number) + count;
  }
  return votes;
}

export type Tally = { votes: number; wins: number; losses: number; ties: number };

/** By place. */
export function toTallies({ models, cells }: PairCounts): Tally[] {
  const order = models.length;
  const tallies = Array.from({ length: order }, () => ({ votes: 0, wins: 0, losses: 0, ties: 0 }));
  const add = (place: number, [losses, ties, wins]: readonly [number, number, number]) => {
    const tally = tallies[place];
    assert(tally !== undefined, "every place has a tally");
    tally.votes += losses + ties + wins;
    tally.losses += losses;
    tally.ties += ties;
    tally.wins += wins;
  };
  for (let pair = 0; pair < order * order; pair++) {
    const [lost = 0, tied = 0, won = 0] = cells.subarray(pair * OUTCOMES, (pair + 1) * OUTCOMES);
    if (lost + tied + won === 0) continue;
    const second = pair % order;
    add((pair - second) / order, [lost, tied, won]);
    add(second, [won, tied, lost]);
  }
  return tallies;
}
