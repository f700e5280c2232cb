import { assert } from "@/lib/util/assert";

/** The value below which a share of the sorted values lies; between two of them in a straight line, as numpy does. */
export function quantileOf(sorted: Float64Array, share: number): number {
  assert(sorted.length > 0 && share >= 0 && share <= 1, "a share of some values");
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  assert(below !== undefined && above !== undefined, "the place lies between two values");
  return below + (above - below) * (place - Math.floor(place));
}
