import type { BoardEntryView, BoardView, PublishedBoard } from "@/lib/protocol/board-view";
import { type Cell, toCsv } from "./csv";

/** Boards as tables; what is not known is an empty cell. */

const RANKS = ["rank", "rank_best", "rank_worst"];
const FIGURES = [
  ...["score", "lower", "upper", "status", "votes", "wins", "losses", "ties"],
] as const;

export function publishedToCsv({ rows }: Pick<PublishedBoard, "rows">): string {
  return toCsv(
    [...RANKS, "model", ...FIGURES],
    rows.map((row) => [...toRanks(row), row.model, ...toFigures(row)]),
  );
}

/** The live board, with what is known of its models. */
export function boardToCsv({ rows }: Pick<BoardView, "rows">): string {
  const facts = [
    ...["organization", "licence", "open_weights", "retired", "preliminary", "context"],
    ...["input_dollars_per_million", "output_dollars_per_million", "first_token_ms"],
    "tokens_per_second",
  ];
  return toCsv(
    [...RANKS, "model", ...FIGURES, ...facts],
    rows.map((row) => [
      ...[...toRanks(row), row.model, ...toFigures(row), row.organization, row.licence],
      ...[row.hasOpenWeights, row.isRetired, row.isPreliminary, row.contextLength],
      ...[row.price?.inputPerMillion ?? null, row.price?.outputPerMillion ?? null],
      ...[row.firstTokenMs, row.tokensPerSecond],
    ]),
  );
}

const toRanks = ({ rank, rankBest, rankWorst }: BoardEntryView): Cell[] => [
  ...[rank, rankBest, rankWorst],
];

function toFigures(entry: BoardEntryView): Cell[] {
  const { rating, lower, upper, status, votes, wins, losses, ties } = entry;
  return [...[rating, lower, upper].map(toPoints), status, votes, wins, losses, ties];
}

/** A thousandth of a point is more than any board knows. */
const toPoints = (points: number | null) => (points === null ? null : Number(points.toFixed(3)));
