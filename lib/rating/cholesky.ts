import { assert } from "@/lib/util/assert";

/**
 * Symmetric positive definite systems, dense and row-major. A board has at most some hundred models:
 * 200 of them take 2.7 million multiplications, so nothing cleverer is called for.
 */

/** A read inside a matrix: every index here is built from loop bounds below the matrix's order. */
const at = (values: Float64Array, index: number): number => values[index] as number;

/** Σ over `count` products of two runs of `values`. Four sums at once, since each addition waits for the one before. */
function dotRuns(values: Float64Array, left: number, right: number, count: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    sum0 += at(values, left + k) * at(values, right + k);
    sum1 += at(values, left + k + 1) * at(values, right + k + 1);
    sum2 += at(values, left + k + 2) * at(values, right + k + 2);
    sum3 += at(values, left + k + 3) * at(values, right + k + 3);
  }
  for (; k < count; k++) sum0 += at(values, left + k) * at(values, right + k);
  return sum0 + sum1 + (sum2 + sum3);
}

/**
 * The lower triangle L with L Lᵀ = `matrix` (Golub and Van Loan, Matrix Computations, §4.2).
 *
 * @throws AssertionError when the matrix is not positive definite.
 */
export function factorCholesky(matrix: Float64Array, order: number): Float64Array {
  assert(matrix.length === order * order, "the matrix is square");
  const lower = new Float64Array(order * order);
  for (let row = 0; row < order; row++) {
    const from = row * order;
    for (let column = 0; column < row; column++) {
      const other = column * order;
      const sum = at(matrix, from + column) - dotRuns(lower, from, other, column);
      lower[from + column] = sum / at(lower, other + column);
    }
    const square = at(matrix, from + row) - dotRuns(lower, from, from, row);
    assert(square > 0 && Number.isFinite(square), "the matrix is positive definite");
    lower[from + row] = Math.sqrt(square);
  }
  return lower;
}

/** Solves L Lᵀ x = `right` for x. Both ways go along rows, which lie together in memory. */
export function solveCholesky(lower: Float64Array, right: Float64Array): Float64Array {
  const order = right.length;
  assert(lower.length === order * order, "factor and right side agree");
  const x = Float64Array.from(right);
  for (let row = 0; row < order; row++) {
    let sum = at(x, row);
    for (let k = 0; k < row; k++) sum -= at(lower, row * order + k) * at(x, k);
    x[row] = sum / at(lower, row * order + row);
  }
  for (let row = order - 1; row >= 0; row--) {
    const solved = at(x, row) / at(lower, row * order + row);
    x[row] = solved;
    for (let k = 0; k < row; k++) x[k] = at(x, k) - at(lower, row * order + k) * solved;
  }
  return x;
}
