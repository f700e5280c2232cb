import type { RatingStatus } from "@/lib/protocol/arena-view";

/** Why a model has no number, in the words of the board. */
export const RATING_WORDS: Record<RatingStatus, string> = {
  rated: "Rated",
  "too-few-votes": "Too few votes",
  unbeaten: "Unbeaten so far",
  winless: "Without a win so far",
  unconnected: "Not connected",
};
