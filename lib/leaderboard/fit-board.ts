import { rate } from "@/lib/rating/rate";
import type { RatedBoard } from "@/lib/rating/rated-board";
import type { RatingOptions } from "@/lib/rating/rating-options";
import type { VoteColumns } from "@/lib/rating/vote-columns";
import { type PackedPairs, packPairs } from "./packed-pairs";

export type FitTask = {
  votes: VoteColumns;
  options: RatingOptions;
};

export type BoardFit = { board: RatedBoard; pairs: PackedPairs };

/** All that a board says of its votes: numbers alone, whichever thread they are computed in. */
export function fitBoard({ votes, options }: FitTask): BoardFit {
  const board = rate(votes, options);
  const rated = board.entries.flatMap(({ status, model }) => (status === "rated" ? [model] : []));
  return { board, pairs: packPairs(votes, rated) };
}
