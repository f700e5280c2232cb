import type { Random } from "@/lib/util/random";
import type { Breathe } from "./breathe";
import { type DenseRows, normalise } from "./reduce";

export type Clusters = {
  /** Of each row. */
  of: Uint16Array;
  /** Cosine of each row with the centre of its cluster. */
  nearness: Float32Array;
  /** Mean of `nearness`. */
  quality: number;
};

const ROUNDS_MAX = 20;
/** The share of rows that still moves when it is left at that. */
const MOVED_SHARE_MAX = 0.005;
/** Starts of few rows, where a bad one matters; of many, one tells the same. */
const STARTS = 3;
const STARTS_ROWS_MAX = 5_000;

/**
 * Spherical k-means: rows of length 1 go to the centre that they have the greatest cosine with, and centres to the mean of
 * their rows, from k-means++ starts (Arthur and Vassilvitskii, 2007).
 */
export async function cluster(
  rows: DenseRows,
  { count, random, breathe }: { count: number; random: Random; breathe: Breathe },
): Promise<Clusters> {
  let best: Clusters | undefined;
  const starts = rows.count <= STARTS_ROWS_MAX ? STARTS : 1;
  for (let start = 0; start < starts; start++) {
    const centres = await pickCentres(rows, { count, random, breathe });
    const found = await settle(rows, centres, breathe);
    if (best === undefined || found.quality > best.quality) best = found;
  }
  return best ?? { of: new Uint16Array(), nearness: new Float32Array(), quality: 0 };
}

type Centres = { count: number; values: Float32Array };

/** Each next centre is a row drawn by how far it is from those before. */
async function pickCentres(
  rows: DenseRows,
  { count, random, breathe }: { count: number; random: Random; breathe: Breathe },
): Promise<Centres> {
  const { width } = rows;
  const centres = { count, values: new Float32Array(count * width) };
  const distance = new Float32Array(rows.count).fill(1);
  for (let centre = 0; centre < count; centre++) {
    const row = draw(distance, random);
    centres.values.set(rows.values.subarray(row * width, (row + 1) * width), centre * width);
    for (let other = 0; other < rows.count; other++) {
      const cosine = dot(rows, other, centres.values, centre * width);
      distance[other] = Math.max(0, Math.min(distance[other] ?? 0, 1 - cosine));
      if (other % 1_000 === 0) await breathe();
    }
  }
  return centres;
}

function draw(weights: Float32Array, random: Random): number {
  const total = weights.reduce((sum, it) => sum + it, 0);
  let left = random() * total;
  for (const [row, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return row;
  }
  // All rows are where a centre is, or rounding left a rest.
  return Math.min(weights.length - 1, Math.floor(random() * weights.length));
}

async function settle(rows: DenseRows, centres: Centres, breathe: Breathe): Promise<Clusters> {
  const of = new Uint16Array(rows.count).fill(0xffff);
  const nearness = new Float32Array(rows.count);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let moved = 0;
    for (let row = 0; row < rows.count; row++) {
      const [nearest, cosine] = findNearest(rows, row, centres);
      if (of[row] !== nearest) moved += 1;
      of[row] = nearest;
      nearness[row] = cosine;
      if (row % 500 === 0) await breathe();
    }
    if (moved <= MOVED_SHARE_MAX * rows.count) break;
    moveCentres(rows, centres, { of, nearness });
    await breathe();
  }
  const quality = nearness.reduce((sum, it) => sum + it, 0) / Math.max(1, rows.count);
  return { of, nearness, quality };
}

function findNearest(rows: DenseRows, row: number, { count, values }: Centres): [number, number] {
  let nearest = 0;
  let best = Number.NEGATIVE_INFINITY;
  for (let centre = 0; centre < count; centre++) {
    const cosine = dot(rows, row, values, centre * rows.width);
    if (cosine > best) {
      best = cosine;
      nearest = centre;
    }
  }
  return [nearest, best];
}

/** A centre that lost all its rows goes to the row that is farthest from its own. */
function moveCentres(
  { width, values, count }: DenseRows,
  centres: Centres,
  { of, nearness }: Pick<Clusters, "of" | "nearness">,
): void {
  centres.values.fill(0);
  const sizes = new Uint32Array(centres.count);
  for (let row = 0; row < count; row++) {
    const centre = of[row] ?? 0;
    sizes[centre] = (sizes[centre] ?? 0) + 1;
    for (let axis = 0; axis < width; axis++) {
      const at = centre * width + axis;
      centres.values[at] = (centres.values[at] ?? 0) + (values[row * width + axis] ?? 0);
    }
  }
  for (let centre = 0; centre < centres.count; centre++) {
    if (sizes[centre] === 0) {
      const farthest = nearness.reduce((at, it, row) => (it < (nearness[at] ?? 0) ? row : at), 0);
      nearness[farthest] = 1;
      centres.values.set(values.subarray(farthest * width, (farthest + 1) * width), centre * width);
    }
    normalise(centres.values, centre * width, width);
  }
}

function dot({ values, width }: DenseRows, row: number, other: Float32Array, at: number): number {
  let sum = 0;
  const from = row * width;
  for (let axis = 0; axis < width; axis++)
    sum += (values[from + axis] ?? 0) * (other[at + axis] ?? 0);
  return sum;
}
