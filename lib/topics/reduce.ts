import type { Random } from "@/lib/util/random";
import type { Breathe } from "./breathe";
import type { SparseRows } from "./vectorise";

/** `count` rows of `width` numbers each, one row after the other. */
export type DenseRows = { count: number; width: number; values: Float32Array };

/** Rounds of the iteration; a third changes the subspace by less than the choice of the seed. */
const ROUNDS = 3;

/**
 * Latent semantic analysis: rows in the subspace in which they vary most, so that two prompts are near each
 * other that share no word, but words that go together elsewhere. By subspace iteration from a random start (Halko et al.,
 * arXiv 0909.4061, algorithm 4.4): W spans the strongest right singular directions, and a row's place is its
 * product with W. Lengths are 1, or 0 of rows without a word.
 *
 * @param picked rows of `rows`, in the order of the result
 */
export async function reduce(
  rows: SparseRows,
  picked: Uint32Array,
  { width, random, breathe }: { width: number; random: Random; breathe: Breathe },
): Promise<DenseRows> {
  const { columns, height } = toOwnColumns(rows, picked);
  const own = { ...rows, columns };
  let base = new Float32Array(height * width);
  for (let place = 0; place < base.length; place++) base[place] = random() - 0.5;
  await orthonormalise(base, width, breathe);
  const place = new Float32Array(width);
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float32Array(height * width);
    for (const row of picked) {
      project(own, row, { base, width, into: place, at: 0 });
      for (let entry = rows.offsets[row] ?? 0; entry < (rows.offsets[row + 1] ?? 0); entry++) {
        const from = (columns[entry] ?? 0) * width;
        const value = rows.values[entry] ?? 0;
        for (let axis = 0; axis < width; axis++) {
          next[from + axis] = (next[from + axis] ?? 0) + value * (place[axis] ?? 0);
        }
      }
      await breathe();
    }
    await orthonormalise(next, width, breathe);
    base = next;
  }
  const values = new Float32Array(picked.length * width);
  for (const [index, row] of picked.entries()) {
    project(own, row, { base, width, into: values, at: index * width });
    normalise(values, index * width, width);
    await breathe();
  }
  return { count: picked.length, width, values };
}

/** Only the columns in which the picked rows have something, numbered anew: a part of all rows has few of them. */
function toOwnColumns(
  { offsets, columns, terms }: SparseRows,
  picked: Uint32Array,
): { columns: Uint32Array; height: number } {
  const numbers = new Int32Array(terms.length).fill(-1);
  const own = new Uint32Array(columns.length);
  let height = 0;
  for (const row of picked) {
    for (let entry = offsets[row] ?? 0; entry < (offsets[row + 1] ?? 0); entry++) {
      const column = columns[entry] ?? 0;
      if ((numbers[column] ?? -1) < 0) numbers[column] = height++;
      own[entry] = numbers[column] ?? 0;
    }
  }
  return { columns: own, height };
}

function project(
  { offsets, columns, values }: SparseRows,
  row: number,
  { base, width, into, at }: { base: Float32Array; width: number; into: Float32Array; at: number },
): void {
  into.fill(0, at, at + width);
  for (let entry = offsets[row] ?? 0; entry < (offsets[row + 1] ?? 0); entry++) {
    const from = (columns[entry] ?? 0) * width;
    const value = values[entry] ?? 0;
    for (let axis = 0; axis < width; axis++) {
      into[at + axis] = (into[at + axis] ?? 0) + value * (base[from + axis] ?? 0);
    }
  }
}

/** A direction that is this much smaller than the largest is one of rounding. */
const RIDGE = 1e-7;

/**
 * Columns of length 1 at right angles, by way of the Cholesky factor of their products: two passes over the rows, where
 * Gram and Schmidt's process takes one for each pair of columns (measured: a twentieth of its time).
 */
async function orthonormalise(
  matrix: Float32Array,
  width: number,
  breathe: Breathe,
): Promise<void> {
  const products = new Float64Array(width * width);
  for (let from = 0; from < matrix.length; from += width) {
    for (let one = 0; one < width; one++) {
      const value = matrix[from + one] ?? 0;
      const at = one * width;
      for (let other = 0; other <= one; other++) {
        products[at + other] = (products[at + other] ?? 0) + value * (matrix[from + other] ?? 0);
      }
    }
    if (from % (256 * width) === 0) await breathe();
  }
  const factor = toCholesky(products, width);
  for (let from = 0; from < matrix.length; from += width) {
    // Forward substitution: the row times the inverse of the transposed factor.
    for (let one = 0; one < width; one++) {
      let value = matrix[from + one] ?? 0;
      const at = one * width;
      for (let other = 0; other < one; other++) {
        value -= (factor[at + other] ?? 0) * (matrix[from + other] ?? 0);
      }
      matrix[from + one] = value / (factor[at + one] ?? 1);
    }
    if (from % (256 * width) === 0) await breathe();
  }
}

/** Lower triangle L with L Lᵀ = the matrix, whose diagonal gets a little so that no direction is missing. */
function toCholesky(matrix: Float64Array, width: number): Float64Array {
  const factor = new Float64Array(width * width);
  let largest = 0;
  for (let axis = 0; axis < width; axis++) {
    largest = Math.max(largest, matrix[axis * width + axis] ?? 0);
  }
  const floor = Math.max(largest * RIDGE, Number.MIN_VALUE);
  for (let row = 0; row < width; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * width + column] ?? 0;
      for (let earlier = 0; earlier < column; earlier++) {
        sum -= (factor[row * width + earlier] ?? 0) * (factor[column * width + earlier] ?? 0);
      }
      factor[row * width + column] =
        row === column
          ? Math.sqrt(Math.max(sum, 0) + floor)
          : sum / (factor[column * width + column] ?? 1);
    }
  }
  return factor;
}

export function normalise(values: Float32Array, at: number, width: number): void {
  let squares = 0;
  for (let axis = at; axis < at + width; axis++) squares += (values[axis] ?? 0) ** 2;
  const scale = squares > 1e-12 ? 1 / Math.sqrt(squares) : 0;
  for (let axis = at; axis < at + width; axis++) values[axis] = (values[axis] ?? 0) * scale;
}
