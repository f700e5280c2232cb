/**
 * Goal: what comes out is where the stated objective has its minimum, and the intervals are its sandwich.
 * Method: the objectives written out vote by vote as their references state them, and derivatives by differences.
 */
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { toScore } from "./outcome";
import { rate } from "./rate";
import { RATING_DEFAULTS, RATING_PRESETS, type RatingOptions } from "./rating-options";
import { toColumns, type Vote, withRandomStyle } from "./testing";
import { OUTCOME_CODES, STYLE_FEATURES, type StyleColumns, type VoteColumns } from "./vote-columns";

const POINTS = 400 / Math.LN10;
const ORDER = 6;
const SEED = 20261121;

type Styled = VoteColumns & { style: StyleColumns };

function makeVotes(count: number): Styled {
  const random = seededRandom(SEED);
  const votes = Array.from({ length: count }, (): Vote => {
    const a = Math.floor(random() * ORDER);
    const b = (a + 1 + Math.floor(random() * random() * (ORDER - 1))) % ORDER;
    const isBetter = random() < 1 / (1 + Math.exp((b - a) / 2));
    const outcome = random() < 0.2 ? "tie" : isBetter ? "a" : "b";
    return [`m${a}`, `m${b}`, outcome];
  });
  const models = Array.from({ length: ORDER }, (_, index) => `m${index}`);
  return withRandomStyle(toColumns(votes, models), random);
}

const votes = makeVotes(4000);

function featuresOf({ style, count }: Styled, addend: number): number[][] {
  const columns = STYLE_FEATURES.map((name) => {
    const raw = Array.from({ length: count }, (_, vote) => {
      const [a, b] = [style[name].a[vote]!, style[name].b[vote]!];
      return a + b + addend === 0 ? 0 : (a - b) / (a + b + addend);
    });
    const mean = raw.reduce((sum, value) => sum + value, 0) / count;
    const deviation = Math.sqrt(raw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
    return raw.map((value) => (value - mean) / deviation);
  });
  return Array.from({ length: count }, (_, vote) => columns.map((column) => column[vote]!));
}

const pairOf = (vote: number) => [votes.modelA[vote]!, votes.modelB[vote]!].sort().join(" ");
const met = new Map<string, number>();
for (let vote = 0; vote < votes.count; vote++)
  met.set(pairOf(vote), (met.get(pairOf(vote)) ?? 0) + 1);

/** By preset as its reference prints it: parameters in its own units, then a number to minimise. */
function objectiveOf({ preset, styleControl }: RatingOptions): (parameters: number[]) => number {
  const features = featuresOf(votes, preset === "fastchat" ? 1 : 0);
  const weights = Array.from({ length: votes.count }, (_, vote) =>
    preset === "fastchat" ? 1 : 1 / Math.max(met.get(pairOf(vote))!, 50),
  );
  const meanWeight = weights.reduce((sum, weight) => sum + weight, 0) / votes.count;
  return (parameters) => {
    let loss = 0;
    for (let vote = 0; vote < votes.count; vote++) {
      let odds = parameters[votes.modelA[vote]!]! - parameters[votes.modelB[vote]!]!;
      if (styleControl)
        for (const [k, feature] of features[vote]!.entries())
          odds += feature * parameters[ORDER + k]!;
      const score = toScore(OUTCOME_CODES[votes.outcome[vote]!]!);
      loss -= weights[vote]! * (odds * score - Math.log1p(Math.exp(odds)));
    }
    const coefficients = parameters.slice(ORDER).reduce((sum, value) => sum + value ** 2, 0);
    const strengths = parameters
      .slice(0, ORDER)
      .reduce((sum, value) => sum + (value / Math.LN10) ** 2, 0);
    if (preset === "fastchat") return loss + (styleControl ? 0.25 * (strengths + coefficients) : 0);
    return loss / votes.count / meanWeight + 0.5 * coefficients;
  };
}

function parametersOf(options: RatingOptions): number[] {
  const board = rate(votes, options);
  const ratings = votes.models.map(
    (model) => board.entries.find((entry) => entry.model === model)!.rating!,
  );
  return [
    ...ratings.map((rating) => (rating - 1000) / POINTS),
    ...board.coefficients.map(({ value }) => value),
  ];
}

const cases = RATING_PRESETS.flatMap((preset) =>
  [false, true].map(
    (styleControl): RatingOptions => ({ ...RATING_DEFAULTS, preset, styleControl }),
  ),
);

test.each(cases)(
  "$preset, style control $styleControl: no step in any direction goes down",
  (options) => {
    const objective = objectiveOf(options);
    const parameters = parametersOf(options);
    const least = objective(parameters);
    for (const index of parameters.keys()) {
      const step = 1e-4;
      const at = (by: number) => objective(parameters.with(index, parameters[index]! + by));
      const [below, above] = [at(-step), at(step)];
      const slope = (above - below) / (2 * step);
      const curvature = (above - 2 * least + below) / step ** 2;
      // Newton's step from here, in points.
      expect(Math.abs(slope / curvature) * POINTS, `parameter ${index}`).toBeLessThan(1e-3);
      expect(curvature).toBeGreaterThan(0);
    }
  },
);

test("intervals are those of the sandwich, from differences of single votes' losses", () => {
  const options: RatingOptions = { ...RATING_DEFAULTS, preset: "fastchat" };
  const parameters = parametersOf(options);
  // Strengths less the last model's, so that nothing is singular.
  const gradients = Array.from({ length: votes.count }, (_, vote) => {
    const [a, b] = [votes.modelA[vote]!, votes.modelB[vote]!];
    const expected = 1 / (1 + Math.exp(parameters[b]! - parameters[a]!));
    const residual = toScore(OUTCOME_CODES[votes.outcome[vote]!]!) - expected;
    const gradient = Array<number>(ORDER).fill(0);
    gradient[a] = residual;
    gradient[b] = -residual;
    return gradient;
  });
  const objective = objectiveOf(options);
  const step = 1e-3;
  const moved = (i: number, j: number, x: number, y: number) => {
    const at = parameters.slice();
    at[i]! += x;
    at[j]! += y;
    return objective(at);
  };
  const hessian = (i: number, j: number) =>
    (moved(i, j, step, step) -
      moved(i, j, step, -step) -
      moved(i, j, -step, step) +
      moved(i, j, -step, -step)) /
    (4 * step * step);
  const last = ORDER - 1;
  const information = Array.from({ length: last }, (_, i) =>
    Array.from({ length: last }, (_, j) => hessian(i, j)),
  );
  const anchor = { model: `m${last}`, rating: 1000 };
  const { entries } = rate(votes, { ...options, anchor });
  for (let model = 0; model < last; model++) {
    const unit = Array.from({ length: last }, (_, index) => (index === model ? 1 : 0));
    const u = solve(information, unit);
    const variance = gradients.reduce(
      (sum, gradient) =>
        sum + u.reduce((part, value, index) => part + value * gradient[index]!, 0) ** 2,
      0,
    );
    const entry = entries.find((it) => it.model === `m${model}`)!;
    const wanted = 1.959964 * Math.sqrt(variance) * POINTS;
    expect((entry.upper! - entry.lower!) / 2 / wanted).toBeCloseTo(1, 3);
  }
});

/** Gauss and Jordan, with pivots. */
function solve(matrix: readonly number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index]!]);
  for (const column of rows.keys()) {
    const pivot = rows
      .slice(column)
      .reduce((best, row) => (Math.abs(row[column]!) > Math.abs(best[column]!) ? row : best));
    rows.splice(rows.indexOf(pivot), 1, rows[column]!);
    rows[column] = pivot;
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = row[column]! / pivot[column]!;
      for (let k = column; k < row.length; k++) row[k]! -= factor * pivot[k]!;
    }
  }
  return rows.map((row, index) => row.at(-1)! / row[index]!);
}
