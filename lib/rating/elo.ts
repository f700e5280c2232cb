import { seededRandom } from "@/lib/util/random";
import { toScore } from "./outcome";
import { CENTRE, POINTS } from "./points";
import { OUTCOME_CODES, type VoteColumns } from "./vote-columns";

/** Points that a vote moves at most. */
const K = 4;

const SCORE_OF_OUTCOME = Float64Array.from(OUTCOME_CODES, toScore);

/**
 * Ratings that each vote moves in turn, from 1000: by K times what was earned less what was expected, which the
 * opponent loses.
 *
 * @param rows the votes in the order in which they count; absent: their own.
 * @returns by the columns' models; one without a vote keeps 1000.
 */
export function toElo(votes: VoteColumns, rows?: Uint32Array): Float64Array {
  const ratings = new Float64Array(votes.models.length).fill(CENTRE);
  const { modelA, modelB, outcome } = votes;
  const count = rows?.length ?? votes.count;
  for (let step = 0; step < count; step++) {
    // Rows name votes, and votes name models.
    const vote = rows === undefined ? step : (rows[step] as number);
    const a = modelA[vote] as number;
    const b = modelB[vote] as number;
    const difference = (ratings[b] as number) - (ratings[a] as number);
    const expected = 1 / (1 + Math.exp(difference / POINTS));
    const change = K * ((SCORE_OF_OUTCOME[outcome[vote] as number] as number) - expected);
    ratings[a] = (ratings[a] as number) + change;
    ratings[b] = (ratings[b] as number) - change;
  }
  return ratings;
}

/** Of resampled votes, in the order in which they were drawn. */
export function bootstrapElo(
  votes: VoteColumns,
  { rounds, seed }: { rounds: number; seed: number },
): Float64Array[] {
  const random = seededRandom(seed);
  const rows = new Uint32Array(votes.count);
  return Array.from({ length: rounds }, () => {
    for (let draw = 0; draw < rows.length; draw++) rows[draw] = Math.floor(random() * votes.count);
    return toElo(votes, rows);
  });
}
