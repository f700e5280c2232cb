import { type Arrow, ComparisonGraph } from "./comparison-graph";
import { OUTCOMES, type PairCounts, type Tally } from "./pair-counts";
import type { RatingStatus } from "./rated-board";

/**
 * Who can be rated. Without a penalty on strengths, maximum likelihood gives finite ones to a group of models if and
 * only if each can be reached from each along wins and ties (Ford, American Mathematical Monthly 64, 1957). With a
 * penalty, or online, every model gets a number, and numbers of models that no chain of votes joins still say nothing
 * of each other.
 *
 * - `strong`: a group in which each reaches each along wins and ties.
 * - `joined`: a group that votes join.
 *
 * Of several the one with the most votes within it: newcomers that tied among themselves, however many, do not
 * take the board from models that thousands have judged.
 */
export type Requirement = "strong" | "joined";

export type RatedGroup = {
  /** Places of the group, ascending. */
  core: number[];
  /** Those of them that have enough votes; none when there are fewer than two, since a rating compares. */
  rated: number[];
  statusOf(place: number): RatingStatus;
};

export function pickRated(
  counts: PairCounts,
  tallies: readonly Tally[],
  { requirement, votesMin }: { requirement: Requirement; votesMin: number },
): RatedGroup {
  const graph = toGraph(counts, requirement);
  const core = pickCore(graph, counts);
  const enough = core.filter((place) => (tallies[place]?.votes ?? 0) >= votesMin);
  const rated = enough.length < 2 ? [] : enough;
  const members = new Set(rated);
  const anchor = core[0];
  const above = anchor === undefined ? new Set<number>() : graph.reaching(anchor);
  const below = anchor === undefined ? new Set<number>() : graph.reachableFrom(anchor);
  const statusOf = (place: number): RatingStatus => {
    if (members.has(place)) return "rated";
    const { votes = 0, wins = 0, losses = 0 } = tallies[place] ?? {};
    if (votes === 0 || votes < votesMin) return "too-few-votes";
    if (requirement === "joined") return "unconnected";
    if (wins === votes) return "unbeaten";
    if (losses === votes) return "winless";
    // Without a rated group there is nothing to stand above or below.
    if (rated.length === 0 || core.includes(place)) return "unconnected";
    if (above.has(place)) return "unbeaten";
    return below.has(place) ? "winless" : "unconnected";
  };
  return { core, rated, statusOf };
}

function toGraph({ models, cells }: PairCounts, requirement: Requirement): ComparisonGraph {
  const order = models.length;
  const arrows: Arrow[] = [];
  for (let pair = 0; pair < order * order; pair++) {
    const [lost = 0, tied = 0, won = 0] = cells.subarray(pair * OUTCOMES, (pair + 1) * OUTCOMES);
    if (lost + tied + won === 0) continue;
    const [first, second] = [Math.floor(pair / order), pair % order];
    const isBoth = requirement === "joined" || tied > 0;
    if (won > 0 || isBoth) arrows.push({ from: first, to: second });
    if (lost > 0 || isBoth) arrows.push({ from: second, to: first });
  }
  return new ComparisonGraph(order, arrows);
}

/** The component with the most votes within it, then with the most models. */
function pickCore(graph: ComparisonGraph, counts: PairCounts): number[] {
  const components = graph.strongComponents();
  const votes = votesWithin(components, counts);
  const [largest] = components
    .map((group, index) => ({ group, votes: votes[index] ?? 0 }))
    .sort(
      (left, right) =>
        right.votes - left.votes ||
        right.group.length - left.group.length ||
        (left.group[0] ?? 0) - (right.group[0] ?? 0),
    );
  return largest?.group ?? [];
}

function votesWithin(components: readonly number[][], { models, cells }: PairCounts): number[] {
  const order = models.length;
  const componentOf = new Int32Array(order);
  for (const [index, group] of components.entries()) {
    for (const place of group) componentOf[place] = index;
  }
  const votes = components.map(() => 0);
  for (let pair = 0; pair < order * order; pair++) {
    const component = componentOf[Math.floor(pair / order)] ?? 0;
    if (component !== componentOf[pair % order]) continue;
    const [lost = 0, tied = 0, won = 0] = cells.subarray(pair * OUTCOMES, (pair + 1) * OUTCOMES);
    votes[component] = (votes[component] ?? 0) + lost + tied + won;
  }
  return votes;
}
