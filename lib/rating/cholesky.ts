import { assert } from "@/lib/util/assert";

/**
 * Symmetric positive definite systems, dense and row-major. A board has at most some hundred models:
 * 200 of them take 2.7 million multiplications, so nothing cleverer is called for.
 */

/** A read inside a matrix: every index here is built from loop bounds below the matrix's order. */
const at = (values: Float64Array, index: number): number => values[index] as number;

/**
 * The lower triangle L with L Lᵀ = `matrix` (Golub and Van Loan, Matrix Computations, §4.2).
 *
 * @throws AssertionError when the matrix is not positive definite.
 */
export function factorCholesky(matrix: Float64Array, order: number): Float64Array {
  assert(matrix.length === order * order, "the matrix is square");
  const lower = new Float64Array(order * order);
  for (let row = 0; row < order; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = at(matrix, row * order + column);
      for (let k = 0; k < column; k++) {
        sum -= at(lower, row * order + k) * at(lower, column * order + k);
      }
      if (row === column) {
        assert(sum > 0 && Number.isFinite(sum), "the matrix is positive definite");
        lower[row * order + row] = Math.sqrt(sum);
      } else {
        lower[row * order + column] = sum / at(lower, column * order + column);
      }
    }
  }
  return lower;
}

/** Solves L Lᵀ x = `right` for x. */
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
    let sum = at(x, row);
    for (let k = row + 1; k < order; k++) sum -= at(lower, k * order + row) * at(x, k);
    x[row] = sum / at(lower, row * order + row);
  }
  return x;
}

/** (L Lᵀ)⁻¹, column by column. */
export function invertCholesky(lower: Float64Array, order: number): Float64Array {
  const inverse = new Float64Array(order * order);
  for (let column = 0; column < order; column++) {
    const unit = new Float64Array(order);
    unit[column] = 1;
    // The inverse is symmetric, so a column may be stored as a row.
    inverse.set(solveCholesky(lower, unit), column * order);
  }
  return inverse;
}
