import { type Database, database } from "@/lib/db/client";
import {
  BOARD_PERIODS,
  boardKeyText,
  CATEGORIES,
  OVERALL,
  parseBoardKey,
} from "@/lib/protocol/board-key";
import type { BoardChoices } from "@/lib/protocol/board-view";
import { listPublished } from "./read-published";
import { readVoteCountsOfBoards } from "./stored-boards";

/** What there is to switch to, with the votes in it: of all times, without style control. */
export async function readChoices(db: Database = database()): Promise<BoardChoices> {
  const [counts, published] = await Promise.all([readVoteCountsOfBoards(db), listPublished(db)]);
  const votesOf = (part: Partial<typeof OVERALL>) =>
    counts.get(boardKeyText({ ...OVERALL, ...part })) ?? 0;
  return {
    categories: CATEGORIES.map((category) => ({ category, votes: votesOf({ category }) })),
    languages: toLanguages(counts.keys())
      .map((language) => ({ language, votes: votesOf({ language }) }))
      .sort((one, other) => other.votes - one.votes || (one.language < other.language ? -1 : 1)),
    periods: [...BOARD_PERIODS],
    published: published.map(({ id, title, key, createdAt }) => ({ id, title, key, createdAt })),
  };
}

/** Of which there is a standing board. */
export function toLanguages(keys: Iterable<string>): string[] {
  return [...keys].flatMap((text) => {
    const key = parseBoardKey(text);
    const isOfLanguage =
      key?.language && text === boardKeyText({ ...OVERALL, language: key.language });
    return isOfLanguage ? [key.language ?? ""] : [];
  });
}
