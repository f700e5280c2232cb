import type { BoardBody } from "@/lib/protocol/board-view";
import { rate } from "@/lib/rating/rate";
import type { RatingOptions } from "@/lib/rating/rating-options";
import { OUTCOME_CODES, type VoteColumns } from "@/lib/rating/vote-columns";
import { TOPIC_BOARD_VOTES_MIN } from "@/lib/topic-limits";
import type { PromptRow } from "./store";

type Vote = NonNullable<PromptRow["vote"]>;

/** The board of one topic from the votes on its battles, by the rules of the live board; null where they are too few. */
export function toTopicBoard(votes: readonly Vote[], options: RatingOptions): BoardBody | null {
  if (votes.length < TOPIC_BOARD_VOTES_MIN) return null;
  const { entries, coefficients } = rate(toColumns(votes), options);
  return {
    entries: entries.map(({ model, ...entry }) => ({ ...entry, modelId: model })),
    coefficients,
  };
}

function toColumns(votes: readonly Vote[]): VoteColumns {
  const models = [...new Set(votes.flatMap(({ modelA, modelB }) => [modelA, modelB]))].sort();
  const places = new Map(models.map((model, place) => [model, place]));
  const placeOf = (model: string) => places.get(model) ?? 0;
  return {
    count: votes.length,
    models,
    modelA: Uint16Array.from(votes, ({ modelA }) => placeOf(modelA)),
    modelB: Uint16Array.from(votes, ({ modelB }) => placeOf(modelB)),
    outcome: Uint8Array.from(votes, ({ outcome }) => OUTCOME_CODES.indexOf(outcome)),
  };
}
