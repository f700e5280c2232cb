import { hasCategory } from "@/lib/rating/categories";
import { OUTCOME_CODES, pickVotes, type VoteColumns } from "@/lib/rating/vote-columns";
import { assert } from "@/lib/util/assert";
import { CATEGORIES, type Category } from "@/lib/vote-categories";
import type { VotesWanted, VoteTable } from "./vote-table";

/** FastChat's own categories: all, conversations of 768 tokens and more, and two languages. */
export const FASTCHAT_CATEGORIES = ["full", "long", "chinese", "english"] as const;
export type VoteCategory = Category | (typeof FASTCHAT_CATEGORIES)[number];
export const VOTE_CATEGORIES: readonly VoteCategory[] = [...FASTCHAT_CATEGORIES, ...CATEGORIES];

/** From so many tokens in either conversation on FastChat calls a battle long (`elo_analysis.py`). */
const LONG_TOKENS_MIN = 768;
const DAY_SECONDS = 86_400;

export type VoteFilter = {
  category?: VoteCategory | undefined;
  /** BCP 47 primary codes. */
  languages?: readonly string[] | undefined;
  /** Votes on these are left out. */
  excludedModels?: readonly string[] | undefined;
  excludesTies?: boolean | undefined;
  /** The first so many of each voter and day (UTC), of those that all else leaves. */
  dailyVotesPerVoter?: number | undefined;
  /** Earliest first, as far as moments are known. */
  isByTime?: boolean | undefined;
};

/** The columns that a filter looks at. */
export function wantedBy(filter: VoteFilter): VotesWanted {
  const { category = "full" } = filter;
  const isLanguage = category === "chinese" || category === "english";
  const isTold = category === "long" || category === "full" || category === "overall";
  return {
    time: filter.isByTime || filter.dailyVotesPerVoter !== undefined,
    voter: filter.dailyVotesPerVoter !== undefined,
    language: isLanguage || filter.languages !== undefined,
    length: category === "long",
    categories: !isLanguage && !isTold,
  };
}

/** What a filter leaves of a table whose columns are those that it wants. */
export function selectVotes(table: VoteTable, filter: VoteFilter): VoteColumns {
  const { votes } = table;
  const tests = testsOf(table, filter);
  let rows = new Uint32Array(votes.count);
  let count = 0;
  for (let row = 0; row < votes.count; row++) {
    if (!tests.every((test) => test(row))) continue;
    rows[count] = row;
    count += 1;
  }
  rows = rows.subarray(0, count);
  if (filter.isByTime || filter.dailyVotesPerVoter !== undefined) rows = byTime(rows, table);
  if (filter.dailyVotesPerVoter !== undefined) {
    rows = firstOfDays(rows, table, filter.dailyVotesPerVoter);
  }
  const isWhole = rows.length === votes.count && !filter.isByTime;
  return isWhole && filter.dailyVotesPerVoter === undefined ? votes : pickVotes(votes, rows);
}

type Test = (row: number) => boolean;

function testsOf(table: VoteTable, filter: VoteFilter): Test[] {
  const { votes } = table;
  const tests = [categoryTest(table, filter.category ?? "full")];
  if (filter.languages !== undefined) tests.push(languageTest(table, filter.languages));
  const excluded = new Set(filter.excludedModels);
  if (excluded.size > 0) {
    const isOut = votes.models.map((name) => excluded.has(name));
    // Rows of a column are below its count.
    tests.push((row) => !isOut[votes.modelA[row] as number] && !isOut[votes.modelB[row] as number]);
  }
  if (filter.excludesTies) {
    const decided = OUTCOME_CODES.indexOf("tie");
    tests.push((row) => (votes.outcome[row] as number) < decided);
  }
  return tests.filter((test) => test !== ALL);
}

const ALL: Test = () => true;

function categoryTest(table: VoteTable, category: VoteCategory): Test {
  switch (category) {
    case "full":
    case "overall":
      return ALL;
    case "long": {
      const { length } = table;
      assert(length !== undefined, "a filter by length has read lengths");
      return (row) => (length[row] as number) >= LONG_TOKENS_MIN;
    }
    case "chinese":
      return languageTest(table, ["zh"]);
    case "english":
      return languageTest(table, ["en"]);
    default: {
      const { categories } = table;
      assert(categories !== undefined, "a filter by category has read categories");
      return (row) => hasCategory(categories[row] as number, category);
    }
  }
}

function languageTest({ language }: VoteTable, codes: readonly string[]): Test {
  assert(language !== undefined, "a filter by language has read languages");
  const isIn = language.names.map((name) => codes.includes(name));
  return (row) => isIn[language.rows[row] as number] === true;
}

/** Whether no vote of a table is earlier than the one before it, as far as moments are known. */
export function isInOrder({ time }: VoteTable): boolean {
  assert(time !== undefined, "an order by time has read moments");
  let latest = Number.NEGATIVE_INFINITY;
  return time.every((seconds) => {
    if (seconds < latest) return false;
    if (!Number.isNaN(seconds)) latest = seconds;
    return true;
  });
}

/** Earliest first; those of one moment, and those without one at the end, as they came. */
function byTime(rows: Uint32Array<ArrayBuffer>, { time }: VoteTable): Uint32Array<ArrayBuffer> {
  assert(time !== undefined, "an order by time has read moments");
  const at = (row: number) => {
    const seconds = time[row] as number;
    return Number.isNaN(seconds) ? Number.POSITIVE_INFINITY : seconds;
  };
  let isSorted = true;
  for (let place = 1; isSorted && place < rows.length; place++) {
    isSorted = at(rows[place - 1] as number) <= at(rows[place] as number);
  }
  if (isSorted) return rows;
  return rows.slice().sort((one, other) => {
    const [first, second] = [at(one), at(other)];
    return first === second ? one - other : first < second ? -1 : 1;
  });
}

function firstOfDays(
  rows: Uint32Array<ArrayBuffer>,
  { time, voter }: VoteTable,
  max: number,
): Uint32Array<ArrayBuffer> {
  assert(time !== undefined && voter !== undefined, "a limit of votes a day has read both");
  const nobody = voter.names.indexOf("");
  const counts = new Map<number, number>();
  return rows.filter((row) => {
    const who = voter.rows[row] as number;
    // Of whom nothing is known it cannot be said that they voted before.
    if (who === nobody) return true;
    const seconds = time[row] as number;
    const day = Number.isNaN(seconds) ? -1 : Math.floor(seconds / DAY_SECONDS);
    const key = (day + 1) * voter.names.length + who;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= max;
  });
}
