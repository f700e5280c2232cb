import { type Random, seededRandom } from "@/lib/util/random";
import { drawBinomial } from "./binomial";
import { type ComparisonRows, mergeOutcomes } from "./comparison-rows";
import { type Fit, factorBread, fitStrengths, type Penalty } from "./fit-strengths";

/**
 * Resampled votes and what is fitted to each resample. A resample may leave a model without a loss, for which there is
 * no rating; of every row KEPT_SHARE of its own votes therefore stays, which makes that a very high rating instead and
 * takes as little from the spread of all others.
 */
const KEPT_SHARE = 1e-3;

/** Natural log-odds: 0.02 points, where a hundred resamples tell a quantile to some tenths of one at best. */
const RESAMPLE_STEP_MIN = 1e-4;

export type BootstrapOptions = {
  penalty: Penalty;
  /** The fit to all votes: where each resample's begins. */
  fit: Fit;
  rounds: number;
  seed: number;
  /** Votes that were drawn from, those that are in no row among them. */
  drawnFrom: number;
};

/** The parameters of each resample. */
export function bootstrapStrengths(
  rows: ComparisonRows,
  { penalty, fit, rounds, seed, drawnFrom }: BootstrapOptions,
): Float64Array[] {
  const random = seededRandom(seed);
  const shares = rows.won.map((won, row) => won / (rows.mass[row] as number));
  const mass = new Float64Array(rows.count);
  const won = new Float64Array(rows.count);
  // Where a pass over the rows is dear, a step of Newton's own is worth its factor.
  const factor = rows.votes && factorBread(fit.sums, rows, penalty);
  const start = fit.parameters;
  return Array.from({ length: rounds }, () => {
    if (rows.votes === undefined) resampleSingles(rows, drawnFrom, random, mass);
    else resampleCounts(rows, rows.votes, drawnFrom, random, mass);
    for (let row = 0; row < rows.count; row++) {
      won[row] = (mass[row] as number) * (shares[row] as number);
    }
    const resample = mergeOutcomes({ ...rows, mass, won });
    const options = { penalty, start, factor, stepMin: RESAMPLE_STEP_MIN };
    return fitStrengths(resample, options).parameters;
  });
}

/** Multinomial over the rows: one binomial after the other, of what is left. */
function resampleCounts(
  rows: ComparisonRows,
  votes: Float64Array,
  drawnFrom: number,
  random: Random,
  mass: Float64Array,
): void {
  let toDraw = drawnFrom;
  let left = drawnFrom;
  for (let row = 0; row < rows.count; row++) {
    const own = votes[row] as number;
    const drawn = drawBinomial(toDraw, own / left, random);
    toDraw -= drawn;
    left -= own;
    mass[row] = ((rows.mass[row] as number) / own) * mix(drawn, own);
  }
}

/** The same where each row is one vote: as many draws as votes. */
function resampleSingles(
  rows: ComparisonRows,
  drawnFrom: number,
  random: Random,
  mass: Float64Array,
): void {
  mass.fill(0);
  for (let draw = 0; draw < drawnFrom; draw++) {
    const row = Math.floor(random() * drawnFrom);
    if (row < rows.count) mass[row] = (mass[row] as number) + 1;
  }
  for (let row = 0; row < rows.count; row++) {
    mass[row] = (rows.mass[row] as number) * mix(mass[row] as number, 1);
  }
}

const mix = (drawn: number, own: number): number => drawn + KEPT_SHARE * (own - drawn);
