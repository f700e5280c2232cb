import { withoutModels } from "@/lib/rating/ranks";
import { rate } from "@/lib/rating/rate";
import type { RatedBoard } from "@/lib/rating/rated-board";
import type { RatingOptions } from "@/lib/rating/rating-options";
import type { VoteColumns } from "@/lib/rating/vote-columns";
import { type PackedPairs, packPairs } from "./packed-pairs";

export type FitTask = {
  votes: VoteColumns;
  options: RatingOptions;
  /** Models whose votes count and which are not on the board. */
  hidden: ReadonlySet<string>;
};

export type BoardFit = { board: RatedBoard; pairs: PackedPairs };

/** All that a board says of its votes: numbers alone, whichever thread they are computed in. */
export function fitBoard({ votes, options, hidden }: FitTask): BoardFit {
  const board = withoutModels(rate(votes, options), hidden);
  const rated = board.entries.flatMap(({ status, model }) => (status === "rated" ? [model] : []));
  return { board, pairs: packPairs(votes, rated) };
}
