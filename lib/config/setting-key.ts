/**
 * How a setting is called in a file. The variable's name is the setting's name; its key is the same words
 * in camelCase, and objects in a file only group words: `worker: { threads: 2 }` is `workerThreads: 2`.
 */

/** `PARLEY_WORKER_THREADS` → `workerThreads`. */
export function toSettingKey(name: string): string {
  const words = name
    .replace(/^PARLEY_/, "")
    .toLowerCase()
    .split("_");
  return words.map((word, index) => (index === 0 ? word : capitalize(word))).join("");
}

/** `["worker", "threads"]` → `workerThreads`. */
export function joinKey(path: readonly string[]): string {
  return path.map((part, index) => (index === 0 ? part : capitalize(part))).join("");
}

/** The known word that `word` was likely meant to be; undefined where none is near. */
export function findNearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((it) => ({ it, distance: editDistance(word.toLowerCase(), it.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, word.length / 4) ? best.it : undefined;
}

const capitalize = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1);

/** Letters to put in, take out or change (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const [left = 0, above = 0, corner = 0] = [next[j - 1], row[j], row[j - 1]];
      next[j] = Math.min(left + 1, above + 1, corner + (one[i - 1] === other[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
