/**
 * The one order of rank: higher logits first, lower ids first among equals. Both paths of the sampler
 * draw along it, so the same random number gives the same token.
 */
export function isBefore(logitA: number, idA: number, logitB: number, idB: number): boolean {
  return logitA > logitB || (logitA === logitB && idA < idB);
}

/** Insertion beats a sort with a comparator up to about this length, and lists come nearly in order. */
const INSERTION_LENGTH_MAX = 256;

/** Sorts the first `length` entries of two parallel arrays by rank. */
export function sortByRank(ids: Int32Array, logits: Float64Array, length: number): void {
  if (length > INSERTION_LENGTH_MAX) {
    sortLong(ids, logits, length);
    return;
  }
  for (let next = 1; next < length; next++) {
    // Both indices stay within the first `length` entries.
    const id = ids[next] as number;
    const logit = logits[next] as number;
    let at = next - 1;
    while (at >= 0 && isBefore(logit, id, logits[at] as number, ids[at] as number)) {
      ids[at + 1] = ids[at] as number;
      logits[at + 1] = logits[at] as number;
      at--;
    }
    ids[at + 1] = id;
    logits[at + 1] = logit;
  }
}

function sortLong(ids: Int32Array, logits: Float64Array, length: number): void {
  const entries = Array.from(ids.subarray(0, length), (id, index) => ({
    id,
    logit: logits[index] as number, // Parallel to ids.
  }));
  entries.sort((a, b) => (isBefore(a.logit, a.id, b.logit, b.id) ? -1 : 1));
  for (const [index, { id, logit }] of entries.entries()) {
    ids[index] = id;
    logits[index] = logit;
  }
}
