import type { OpponentView } from "@/lib/protocol/board-view";

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

/** Opponents as the server tells them. */
export function toShares(opponents: readonly OpponentView[]): Opponent[] {
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
