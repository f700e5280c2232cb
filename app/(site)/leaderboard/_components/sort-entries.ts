import type { LeaderboardEntry } from "@/lib/protocol/arena-view";

export type SortKey = "rank" | "model" | "rating" | "votes" | "wins" | "losses" | "ties";
export type Sorting = { key: SortKey; isDescending: boolean };

/** The direction in which a column is first of use. */
export function firstSorting(key: SortKey): Sorting {
  return { key, isDescending: key !== "rank" && key !== "model" };
}

export function nextSorting(now: Sorting, key: SortKey): Sorting {
  return now.key === key ? { key, isDescending: !now.isDescending } : firstSorting(key);
}

/** Sorted by a column; models without a number there come last either way, ties by name. */
export function sortEntries(
  entries: readonly LeaderboardEntry[],
  { key, isDescending }: Sorting,
): LeaderboardEntry[] {
  const sign = isDescending ? -1 : 1;
  return [...entries].sort((a, b) => {
    const byName = a.model.localeCompare(b.model, "en", { numeric: true });
    if (key === "model") return sign * byName;
    const [left, right] = [a[key], b[key]];
    if (left === null || right === null) {
      if (left === right) return byName;
      return left === null ? 1 : -1;
    }
    return sign * (left - right) || byName;
  });
}

export function filterEntries(entries: readonly LeaderboardEntry[], search: string) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((it) => words.every((word) => it.model.toLowerCase().includes(word)));
}
