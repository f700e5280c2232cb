import { assert } from "@/lib/util/assert";
import type { Random } from "@/lib/util/random";
import { chiSquareTail } from "./chi-square";

/**
 * Whether somebody votes unlike everybody else: the sequential test of arXiv 2403.04132, eq. 10. Each vote is
 * compared with those of others on the same two models, which gives a p-value; Fisher's method combines
 * them. It is looked at five random points of each hundred votes, and all that is looked at shares α, so that α
 * is the chance that an honest visitor is ever flagged.
 *
 * Where this goes beyond the formula, and why:
 * - A vote has three values, so that the p-value of eq. 10 is far above a uniform one; a favourite's win counts
 *   for nothing even if it always wins. Ties are broken by a number drawn with the vote: p is then exactly
 *   uniform for an honest vote (a smoothed conformal p-value), and the test as sharp as its level allows.
 *   A mid-p-value would be sharper on paper and would not keep α.
 * - Two votes on the same models are compared with the same history, so that their p-values rise and fall
 *   together. Fisher's sum is scaled by how much that widens it (Bates et al., arXiv 2104.08279, theorem 4).
 * - "Up" of a pair needs a direction. One test takes the models' favourite by all votes on them, this one
 *   included, which keeps p exact: random clicking shows as too many upsets. Further tests take one model
 *   each: voting it up, or down, whoever is against it.
 */

/** What the pair's first model got. */
export type VoteResult = "won" | "tied" | "lost";
/** How often it got which from others. */
export type PairHistory = Record<VoteResult, number>;
export type WatchedVote = {
  first: string;
  second: string;
  result: VoteResult;
  /** Others' votes on the same two models, seen from the same first. */
  history: PairHistory;
  /** Drawn with the vote, in (0, 1): breaks ties with the history. */
  uniform: number;
};

/** What was looked at: all votes, by each pair's favourite, or those on one model. */
export type Suspicion = {
  /** The model that is voted up or down; null: favourites are. */
  model: string | null;
  direction: "up" | "down";
  /** Votes that speak of it. */
  votes: number;
  /** Fisher's sum, scaled for shared histories, and its degrees of freedom. */
  statistic: number;
  degrees: number;
  pValue: number;
  /** What the p-value had to stay above. */
  level: number;
};

/** Votes of a window, and points in it at which they are looked at. */
export const WINDOW_VOTES = 100;
export const CHECKPOINTS = 5;
/** Below so many votes of others nothing is known of a pair. */
export const HISTORY_VOTES_MIN = 10;
/** Below so many votes on a model it is not looked at for itself: three surprises are anybody's. */
const MODEL_VOTES_MIN = 5;

/** The points of one visitor's window: numbers of votes from 1 to 100, in order, each one once. */
export function drawCheckpoints(random: Random): number[] {
  const points = new Set<number>();
  while (points.size < CHECKPOINTS) points.add(1 + Math.floor(random() * WINDOW_VOTES));
  return [...points].sort((one, other) => one - other);
}

/**
 * The level of one look: α is spent over all windows of a visitor, one half on the first hundred votes, a
 * sixth on the second, a twelfth on the third and so on, and in each evenly over its points.
 *
 * @param window from 0
 */
export function levelOf(alpha: number, window: number): number {
  return alpha / ((window + 1) * (window + 2)) / CHECKPOINTS;
}

/**
 * Looks at the first votes of a window.
 *
 * @param level of this look, `levelOf`: half of it for the test by favourites, half for all models together,
 *   each in both directions.
 * @returns the strongest suspicion that passes its level, or undefined.
 */
export function findAnomaly(votes: readonly WatchedVote[], level: number): Suspicion | undefined {
  const known = votes.filter(({ history }) => total(history) >= HISTORY_VOTES_MIN);
  if (known.length === 0) return undefined;
  const firstUp = known.map((vote) => pValueOf(vote));
  const oriented = known.map((vote, index) => orient(vote, firstUp[index] ?? 1));
  const models = [...new Set(known.flatMap(({ first, second }) => [first, second]))]
    .map((model) => ({ model, parts: partsOf(model, known, firstUp) }))
    .filter(({ parts }) => parts.length >= MODEL_VOTES_MIN);
  const tests = [
    { model: null, parts: oriented, level: level / 4 },
    ...models.map((it) => ({ ...it, level: level / 4 / models.length })),
  ];
  const passed = tests.flatMap(({ model, parts, level: own }) =>
    (["up", "down"] as const).flatMap((direction) => {
      const found = combine(parts, direction);
      return found.pValue < own
        ? { model, direction, votes: parts.length, level: own, ...found }
        : [];
    }),
  );
  return passed.sort((one, other) => one.pValue / one.level - other.pValue / other.level)[0];
}

type Part = { vote: WatchedVote; up: number };

const RANKS = { lost: 0, tied: 1, won: 2 } as const;
const total = ({ won, tied, lost }: PairHistory) => won + tied + lost;

/** How likely a vote is that favours the first model as much: uniform on (0, 1) if this one is like the others. */
function pValueOf({ result, history, uniform }: WatchedVote): number {
  assert(uniform > 0 && uniform < 1, "ties are broken by a number between 0 and 1");
  const above = (["lost", "tied", "won"] as const)
    .filter((it) => RANKS[it] > RANKS[result])
    .reduce((sum, it) => sum + history[it], 0);
  return (above + uniform * (history[result] + 1)) / (total(history) + 1);
}

/** From the favourite's side. All votes decide who that is, this one included, which treats all alike. */
function orient(vote: WatchedVote, firstUp: number): Part {
  const { history, result } = vote;
  const own = RANKS[result] - RANKS.tied;
  const isFirst = history.won - history.lost + own >= 0;
  return { vote, up: isFirst ? firstUp : 1 - firstUp };
}

/** From one model's side, the votes on it. */
function partsOf(model: string, votes: readonly WatchedVote[], firstUp: readonly number[]): Part[] {
  return votes.flatMap((vote, index) => {
    const up = firstUp[index] ?? 1;
    if (vote.first === model) return { vote, up };
    return vote.second === model ? { vote, up: 1 - up } : [];
  });
}

/** Fisher's method, with the spread that shared histories add. */
function combine(
  parts: readonly Part[],
  direction: "up" | "down",
): Pick<Suspicion, "statistic" | "degrees" | "pValue"> {
  const sum = parts.reduce((so, { up }) => so - 2 * Math.log(direction === "up" ? up : 1 - up), 0);
  const scale = Math.sqrt(1 + sharing(parts));
  const degrees = 2 * parts.length;
  const statistic = (sum + degrees * (scale - 1)) / scale;
  return { statistic, degrees, pValue: chiSquareTail(statistic, degrees) };
}

/** The mean, over votes, of own votes on the same pair for each vote in their history. */
function sharing(parts: readonly Part[]): number {
  const pairs = new Map<string, { own: number; others: number }>();
  for (const { vote } of parts) {
    const key = [vote.first, vote.second].sort().join("\0");
    const pair = pairs.get(key) ?? { own: 0, others: total(vote.history) };
    pair.own += 1;
    pairs.set(key, pair);
  }
  const shared = [...pairs.values()].reduce((sum, { own, others }) => sum + own ** 2 / others, 0);
  return shared / parts.length;
}
