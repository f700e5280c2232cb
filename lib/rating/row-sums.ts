import { assert } from "@/lib/util/assert";
import type { ComparisonRows } from "./comparison-rows";

/** The passes over the rows: what a Newton step is made of, and what a sandwich is filled with. */

/** What one pass over the rows gives. */
export type RowSums = {
  /** Of the log-likelihood, by parameter. */
  gradient: Float64Array;
  /** Σ of the rows' values by ordered pair of places; the matrix between strengths is its Laplacian. */
  pairs: Float64Array;
  /** Between strengths and features, `featureCount` a place. */
  cross: Float64Array;
  /** Between features; the lower triangle. */
  between: Float64Array;
};

/** A read inside a column: rows are made with places below the order, and loop bounds are the columns' lengths. */
const at = (values: Float64Array, index: number): number => values[index] as number;

export function newSums({ order, featureCount }: ComparisonRows): RowSums {
  return {
    gradient: new Float64Array(order + featureCount),
    pairs: new Float64Array(order * order),
    cross: new Float64Array(order * featureCount),
    between: new Float64Array(featureCount * featureCount),
  };
}

/** Gradient, and the observed information of each row: mass · p (1 − p). */
export function sumCurvature(rows: ComparisonRows, parameters: Float64Array, into: RowSums): void {
  into.gradient.fill(0);
  into.pairs.fill(0);
  into.cross.fill(0);
  into.between.fill(0);
  if (rows.featureCount === 0) sumPlain(rows, parameters, into);
  else if (rows.featureCount === 1) sumPositioned(rows, parameters, into);
  else sumStyled(rows, parameters, into);
}

function sumPlain(rows: ComparisonRows, parameters: Float64Array, { gradient, pairs }: RowSums) {
  const { count, order, first, second, mass, won } = rows;
  for (let row = 0; row < count; row++) {
    // Rows are made with places below the order; loop bounds are the columns' lengths.
    const a = first[row] as number;
    const b = second[row] as number;
    const weight = mass[row] as number;
    const odds = (parameters[a] as number) - (parameters[b] as number);
    // e^-|d| keeps the digits that p (1 − p) would lose.
    const small = Math.exp(odds < 0 ? odds : -odds);
    const share = 1 / (1 + small);
    const expected = odds < 0 ? small * share : share;
    const residual = (won[row] as number) - weight * expected;
    gradient[a] = (gradient[a] as number) + residual;
    gradient[b] = (gradient[b] as number) - residual;
    const pair = a * order + b;
    pairs[pair] = (pairs[pair] as number) + weight * small * share * share;
  }
}

/** With one feature. */
function sumPositioned(rows: ComparisonRows, parameters: Float64Array, into: RowSums) {
  const { count, order, first, second, mass, won, features } = rows;
  const { gradient, pairs, cross, between } = into;
  const coefficient = at(parameters, order);
  for (let row = 0; row < count; row++) {
    const a = first[row] as number;
    const b = second[row] as number;
    const feature = at(features, row);
    const odds = at(parameters, a) - at(parameters, b) + feature * coefficient;
    const small = Math.exp(odds < 0 ? odds : -odds);
    const share = 1 / (1 + small);
    const residual = at(won, row) - at(mass, row) * (odds < 0 ? small * share : share);
    const value = at(mass, row) * small * share * share;
    gradient[a] = at(gradient, a) + residual;
    gradient[b] = at(gradient, b) - residual;
    gradient[order] = at(gradient, order) + residual * feature;
    pairs[a * order + b] = at(pairs, a * order + b) + value;
    cross[a] = at(cross, a) + value * feature;
    cross[b] = at(cross, b) - value * feature;
    between[0] = at(between, 0) + value * feature * feature;
  }
}

/**
 * With the four features of style, and a fifth that is 1 where position is one. Written out: this loop is where a
 * style-controlled board spends its time, and loops over so few features cost more than what is in them.
 */
function sumStyled(rows: ComparisonRows, parameters: Float64Array, into: RowSums) {
  const { count, order, featureCount, first, second, mass, won, features } = rows;
  const { gradient, pairs, cross, between } = into;
  assert(featureCount === 4 || featureCount === 5, "style has four features");
  const isPositioned = featureCount === 5;
  const [c0, c1] = [at(parameters, order), at(parameters, order + 1)];
  const [c2, c3] = [at(parameters, order + 2), at(parameters, order + 3)];
  const c4 = isPositioned ? at(parameters, order + 4) : 0;
  let [g0, g1, g2, g3, g4] = [0, 0, 0, 0, 0];
  let [b00, b10, b11, b20, b21, b22, b30, b31, b32, b33] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  let [b40, b41, b42, b43, b44] = [0, 0, 0, 0, 0];
  for (let row = 0; row < count; row++) {
    const a = first[row] as number;
    const b = second[row] as number;
    const from = row * featureCount;
    const x0 = at(features, from);
    const x1 = at(features, from + 1);
    const x2 = at(features, from + 2);
    const x3 = at(features, from + 3);
    const styled = x0 * c0 + x1 * c1 + (x2 * c2 + x3 * c3);
    const odds = at(parameters, a) - at(parameters, b) + styled + c4;
    const small = Math.exp(odds < 0 ? odds : -odds);
    const share = 1 / (1 + small);
    const weight = at(mass, row);
    const residual = at(won, row) - weight * (odds < 0 ? small * share : share);
    const value = weight * small * share * share;
    gradient[a] = at(gradient, a) + residual;
    gradient[b] = at(gradient, b) - residual;
    pairs[a * order + b] = at(pairs, a * order + b) + value;
    g0 += residual * x0;
    g1 += residual * x1;
    g2 += residual * x2;
    g3 += residual * x3;
    const v0 = value * x0;
    const v1 = value * x1;
    const v2 = value * x2;
    const v3 = value * x3;
    const ofA = a * featureCount;
    const ofB = b * featureCount;
    cross[ofA] = at(cross, ofA) + v0;
    cross[ofA + 1] = at(cross, ofA + 1) + v1;
    cross[ofA + 2] = at(cross, ofA + 2) + v2;
    cross[ofA + 3] = at(cross, ofA + 3) + v3;
    cross[ofB] = at(cross, ofB) - v0;
    cross[ofB + 1] = at(cross, ofB + 1) - v1;
    cross[ofB + 2] = at(cross, ofB + 2) - v2;
    cross[ofB + 3] = at(cross, ofB + 3) - v3;
    b00 += v0 * x0;
    b10 += v1 * x0;
    b11 += v1 * x1;
    b20 += v2 * x0;
    b21 += v2 * x1;
    b22 += v2 * x2;
    b30 += v3 * x0;
    b31 += v3 * x1;
    b32 += v3 * x2;
    b33 += v3 * x3;
    if (isPositioned) {
      g4 += residual;
      cross[ofA + 4] = at(cross, ofA + 4) + value;
      cross[ofB + 4] = at(cross, ofB + 4) - value;
      b40 += v0;
      b41 += v1;
      b42 += v2;
      b43 += v3;
      b44 += value;
    }
  }
  gradient.set([g0, g1, g2, g3, g4].slice(0, featureCount), order);
  const triangle = [[b00], [b10, b11], [b20, b21, b22], [b30, b31, b32, b33]];
  if (isPositioned) triangle.push([b40, b41, b42, b43, b44]);
  for (const [k, line] of triangle.entries()) between.set(line, k * featureCount);
}

/** Σ value · x xᵀ over the rows, x being 1 for the first model, -1 for the second, and the features: dense. */
export function toMatrix(
  { pairs, cross, between }: RowSums,
  { order, featureCount }: ComparisonRows,
): Float64Array {
  const size = order + featureCount;
  const matrix = new Float64Array(size * size);
  for (let low = 0; low < order; low++) {
    for (let high = low + 1; high < order; high++) {
      const value = at(pairs, low * order + high) + at(pairs, high * order + low);
      if (value === 0) continue;
      matrix[low * size + high] = -value;
      matrix[high * size + low] = -value;
      matrix[low * size + low] = at(matrix, low * size + low) + value;
      matrix[high * size + high] = at(matrix, high * size + high) + value;
    }
  }
  for (let k = 0; k < featureCount; k++) {
    for (let place = 0; place < order; place++) {
      matrix[place * size + order + k] = at(cross, place * featureCount + k);
      matrix[(order + k) * size + place] = at(cross, place * featureCount + k);
    }
    for (let l = 0; l <= k; l++) {
      matrix[(order + k) * size + order + l] = at(between, k * featureCount + l);
      matrix[(order + l) * size + order + k] = at(between, k * featureCount + l);
    }
  }
  return matrix;
}
