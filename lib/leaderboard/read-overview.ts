import { type Database, database } from "@/lib/db/client";
import { type BoardKey, boardKeyText, CATEGORIES, OVERALL } from "@/lib/protocol/board-key";
import type { Overview } from "@/lib/protocol/board-view";
import { readRules } from "@/lib/rules/rules";
import { readModelFacts } from "./model-facts";
import { type ReadOptions, toFacts } from "./read-board-view";
import { toLanguages } from "./read-choices";
import { type ReadBoard, readBoards, readVoteCountsOfBoards } from "./stored-boards";

/** Models against categories and languages: rank and score on each board of one period that holds votes. */
export async function readOverview(
  { style, period }: Pick<BoardKey, "style" | "period">,
  { awake }: ReadOptions = { awake: [] },
  db: Database = database(),
): Promise<Overview> {
  const languages = toLanguages((await readVoteCountsOfBoards(db)).keys());
  const keys = [
    ...CATEGORIES.map((category) => ({ ...OVERALL, category, style, period })),
    ...languages.map((language) => ({ ...OVERALL, language, style, period })),
  ];
  const [stored, known, { ratings }] = await Promise.all([
    readBoards(db, keys.map(boardKeyText)),
    readModelFacts({ awake }, db),
    readRules(db),
  ]);
  const boardOf = new Map(stored.map((board) => [board.key, board]));
  const columns = keys.flatMap((key) => {
    const board = boardOf.get(boardKeyText(key));
    const isShown = board && (board.voteCount > 0 || key.category === "overall");
    return isShown ? [{ board, label: key.language ?? key.category }] : [];
  });
  const cellsOf = columns.map(({ board }) => toCells(board, ratings.preliminaryVotesMax));
  const [overall] = cellsOf;
  const rows = [...known.values()]
    .filter(
      (it) => !it.isHidden && !it.isWithdrawn && cellsOf.some((cells) => cells.has(it.modelId)),
    )
    .map((it) => ({
      ...toFacts(it),
      cells: cellsOf.map((cells) => cells.get(it.modelId) ?? null),
      overall: overall?.get(it.modelId)?.rating ?? Number.NEGATIVE_INFINITY,
    }))
    .sort((one, other) => other.overall - one.overall || (one.model < other.model ? -1 : 1));
  return {
    columns: columns.map(({ board, label }) => ({ key: board.key, label, votes: board.voteCount })),
    rows: rows.map(({ overall: _, ...row }) => row),
  };
}

type Cell = NonNullable<Overview["rows"][number]["cells"][number]>;

function toCells({ body }: ReadBoard, preliminaryVotesMax: number): Map<string, Cell> {
  return new Map(
    body.entries.flatMap(({ modelId, rating, rank, votes }) =>
      rating === null || rank === null
        ? []
        : [[modelId, { rating, rank, isPreliminary: votes <= preliminaryVotesMax }]],
    ),
  );
}
