import { AppError } from "@/lib/errors";
import { type BoardKey, CATEGORIES, parseBoardKey } from "@/lib/protocol/board-key";
import { rate } from "@/lib/rating/rate";
import { pickVotes } from "@/lib/rating/vote-columns";
import { assert } from "@/lib/util/assert";
import { type BoardHead, isFrozen, writeBoardFile } from "./board-file";
import { readVotes } from "./read-votes";
import type { VoteTable } from "./vote-table";

/**
 * Computes a board from a file of its votes (lines as vote-line.ts writes them).
 *
 * @returns the bytes of its file: the same for the same votes, key and options, whoever computes.
 * @throws AppError `conflict` where the file does not hold as many votes as the board names.
 */
export async function computeBoardFile(
  path: string,
  head: BoardHead,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const key = parseBoardKey(head.key);
  assert(key !== undefined && isFrozen(head.key), "a frozen board's key names one");
  const { table } = await readVotes(
    path,
    {
      style: head.options.styleControl,
      time: key.period !== "all",
      language: key.language !== null,
      categories: key.category !== "overall",
    },
    { ...(signal && { signal }) },
  );
  if (table.votes.count !== head.votes.count) {
    throw new AppError("conflict", {
      message: `The votes hold ${table.votes.count} that can be read, and the board names ${head.votes.count}.`,
    });
  }
  const rows = rowsOf(table, key);
  const votes = rows === undefined ? table.votes : pickVotes(table.votes, rows);
  const board = rate(votes, head.options);
  return writeBoardFile(head, { voteCount: votes.count, board });
}

/** The votes on a board; undefined: all of them. */
export function rowsOf(table: VoteTable, key: BoardKey): Uint32Array | undefined {
  const tests = [isInCategory(table, key), isInLanguage(table, key), isInPeriod(table, key)].filter(
    (it) => it !== undefined,
  );
  if (tests.length === 0) return undefined;
  const rows = new Uint32Array(table.votes.count);
  let count = 0;
  for (let row = 0; row < table.votes.count; row++) {
    if (tests.every((test) => test(row))) rows[count++] = row;
  }
  return rows.subarray(0, count);
}

type Test = (row: number) => boolean;

function isInCategory({ categories }: VoteTable, { category }: BoardKey): Test | undefined {
  if (category === "overall") return undefined;
  assert(categories !== undefined, "categories were read");
  const bit = 1 << CATEGORIES.indexOf(category);
  return (row) => ((categories[row] ?? 0) & bit) !== 0;
}

function isInLanguage({ language }: VoteTable, key: BoardKey): Test | undefined {
  if (key.language === null) return undefined;
  assert(language !== undefined, "languages were read");
  const wanted = language.names.indexOf(key.language);
  return (row) => language.rows[row] === wanted;
}

function isInPeriod({ time }: VoteTable, { period }: BoardKey): Test | undefined {
  if (period === "all") return undefined;
  assert(time !== undefined, "days were read");
  const [from = Number.NaN, to = Number.NaN] = period
    .split("..")
    .map((day) => Date.parse(`${day}T00:00:00Z`) / 1_000);
  // Votes bear the beginning of their day.
  return (row) => {
    const day = time[row] ?? Number.NaN;
    return day >= from && day <= to;
  };
}
