import type { ModelPage, PairTable } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";

export type Opponent = {
  model: string;
  slug: string;
  votes: number;
  /** Of the votes with a winner, the share that the model won; null where every vote was a tie. */
  share: number | null;
  /** By the ratings; null where one of the two has none. */
  expected: number | null;
};
export type OpponentOrder = "votes" | "best" | "worst";

/** The opponents of a model by a row of the table of pairs; none of a model that the table does not have. */
export function toOpponents(pairs: PairTable, model: string): Opponent[] {
  const row = pairs.models.indexOf(model);
  if (row === -1) return [];
  return pairs.models.flatMap((opponent, column) => {
    const votes = pairs.votes[row]?.[column] ?? 0;
    if (column === row || votes === 0) return [];
    const share = pairs.wins[row]?.[column] ?? null;
    const expected = pairs.expected[row]?.[column] ?? null;
    return [{ model: opponent, slug: toModelSlug(opponent), votes, share, expected }];
  });
}

/** The opponents that a model's own page has. */
export function toShares(opponents: ModelPage["opponents"]): Opponent[] {
  return opponents.map(({ model, slug, votes, wins, losses, expected }) => ({
    ...{ model, slug, votes, expected },
    share: wins + losses === 0 ? null : wins / (wins + losses),
  }));
}

/** A share of fewer votes than this says little: of ten, one more is a tenth. */
export const TELLING_VOTES_MIN = 10;

/**
 * In the order asked for; best and worst by the share of wins, leaving out those that have none, and those
 * with few votes where others have more.
 */
export function sortOpponents(opponents: readonly Opponent[], order: OpponentOrder): Opponent[] {
  if (order === "votes") return [...opponents].sort((one, other) => other.votes - one.votes);
  const sign = order === "best" ? -1 : 1;
  const known = opponents.filter((it) => it.share !== null);
  const telling = known.filter((it) => it.votes >= TELLING_VOTES_MIN);
  return (telling.length > 0 ? telling : known).sort(
    (one, other) => sign * ((one.share ?? 0) - (other.share ?? 0)) || other.votes - one.votes,
  );
}
