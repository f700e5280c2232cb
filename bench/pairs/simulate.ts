import { activatePairs, type PairScores, toGain } from "@/lib/arena/active-pairs";
import { levelPairs, type PairTable, weighPairs } from "@/lib/arena/draw-weights";
import { samplePair } from "@/lib/arena/sample-pair";
import { NORMAL_975 } from "@/lib/rating/points";
import { assert } from "@/lib/util/assert";
import { type Random, seededRandom } from "@/lib/util/random";

/**
 * Votes on models of known strength, drawn as the arena draws them, until the win matrix is known well
 * enough. Whether it is, is told by the true variance of each entry and not by an estimated one, which
 * would favour whoever draws by estimates.
 */

/** `printed`: eq. 9 of arXiv 2403.04132 with the variance of X_t(a) = H_t·1{A_t = a} / P_t(a), as it stands there. */
export type Drawing = "uniform" | "active" | "printed";

export type Simulation = {
  drawing: Drawing;
  seed: number;
  /** Elo-like: 400 apart means odds of 10 to 1. */
  strengths: readonly number[];
  /** Of votes on equal models so many are ties; fewer the less equal they are. */
  tieShare: number;
  uniformShare: number;
  /** Half the 95 % interval of an entry. */
  precision: number;
  /** Of `every` entry, or of all in the `mean`. */
  of: "every" | "mean";
  /** Votes that a process does not know of yet when it draws. */
  lag: number;
  /** Votes on each two models, but for those of the last model, before the first draw. */
  before?: number;
  votesMax: number;
};

type Seen = PairScores & {
  /** Sums of H / P and of its square, over the votes that were drawn. */
  weighted: number;
  weightedSquares: number;
};

/** Votes it took; `votesMax` where that was not enough. */
export function votesUntilPrecise(simulation: Simulation): number {
  const { strengths, seed, lag, votesMax } = simulation;
  const random = seededRandom(seed);
  const truth = new Truth(simulation);
  const weighed = weighPairs(
    strengths.map((_, at) => `model ${at}`),
    [],
  );
  const seen = toSeen(simulation, truth, random);
  let table: PairTable | undefined;
  for (let votes = 0; votes < votesMax; votes++) {
    if (table === undefined || votes % lag === 0) {
      if (isPrecise(simulation, truth, seen)) return votes;
      table = drawBy(simulation, { weighed, seen });
    }
    const drawn = samplePair(table, random);
    assert(drawn !== undefined, "two models are there");
    const [low, high] = [Math.min(drawn.a, drawn.b), Math.max(drawn.a, drawn.b)];
    // Of the pair on whichever sides.
    add(
      seen,
      strengths.length,
      { low, high },
      truth.vote(low, high, random),
      2 * drawn.probability,
    );
  }
  return votesMax;
}

/** What voters would say of each pair in the long run. */
class Truth {
  readonly #strengths: readonly number[];
  readonly #tieShare: number;

  constructor({ strengths, tieShare }: Pick<Simulation, "strengths" | "tieShare">) {
    this.#strengths = strengths;
    this.#tieShare = tieShare;
  }

  /** Bradley and Terry's odds, a part of which goes to ties evenly from both. */
  #shares(low: number, high: number): { win: number; tie: number } {
    const gap = (this.#strengths[high] ?? 0) - (this.#strengths[low] ?? 0);
    const better = 1 / (1 + 10 ** (gap / 400));
    const tie = this.#tieShare * 4 * better * (1 - better);
    return { win: better - tie / 2, tie };
  }

  variance(low: number, high: number): number {
    const { win, tie } = this.#shares(low, high);
    return win + tie / 4 - (win + tie / 2) ** 2;
  }

  vote(low: number, high: number, random: Random): number {
    const { win, tie } = this.#shares(low, high);
    const drawn = random();
    if (drawn < win) return 1;
    return drawn < win + tie ? 0.5 : 0;
  }
}

function toSeen({ strengths, before = 0 }: Simulation, truth: Truth, random: Random): Seen[] {
  const count = strengths.length;
  const seen = Array.from({ length: count ** 2 }, () => ({
    ...{ count: 0, sum: 0, squares: 0, weighted: 0, weightedSquares: 0 },
  }));
  const pairs = (count * (count - 1)) / 2;
  for (const { low, high } of pairsOf(count)) {
    if (high === count - 1) continue;
    for (let vote = 0; vote < before; vote++)
      add(seen, count, { low, high }, truth.vote(low, high, random), 1 / pairs);
  }
  return seen;
}

function add(
  seen: Seen[],
  count: number,
  { low, high }: { low: number; high: number },
  score: number,
  probability: number,
): void {
  const at = seen[low * count + high];
  assert(at !== undefined, "every pair has its place");
  at.count += 1;
  at.sum += score;
  at.squares += score * score;
  at.weighted += score / probability;
  at.weightedSquares += (score / probability) ** 2;
}

function* pairsOf(count: number): Generator<{ low: number; high: number }> {
  for (let low = 0; low < count; low++)
    for (let high = low + 1; high < count; high++) yield { low, high };
}

function isPrecise(simulation: Simulation, truth: Truth, seen: readonly Seen[]): boolean {
  const { strengths, precision, of } = simulation;
  const count = strengths.length;
  let sum = 0;
  let pairs = 0;
  for (const { low, high } of pairsOf(count)) {
    const votes = seen[low * count + high]?.count ?? 0;
    // What was never voted on may be anything from 0 to 1.
    const reach = votes === 0 ? 0.5 : NORMAL_975 * Math.sqrt(truth.variance(low, high) / votes);
    if (of === "every" && reach > precision) return false;
    sum += reach;
    pairs += 1;
  }
  return sum / pairs <= precision;
}

function drawBy(
  { drawing, uniformShare }: Simulation,
  { weighed, seen }: { weighed: PairTable; seen: readonly Seen[] },
): PairTable {
  if (drawing === "uniform") return levelPairs(weighed);
  const count = weighed.models.length;
  const total = seen.reduce((sum, it) => sum + it.count, 0);
  return activatePairs(weighed, {
    uniformShare,
    gainOf: (left, right) => {
      const scores = seen[left * count + right];
      assert(scores !== undefined, "every pair has its place");
      return drawing === "printed" ? printedGain(scores, total) : toGain(scores);
    },
  });
}

function printedGain({ count, weighted, weightedSquares }: Seen, total: number): number {
  // The formula divides by 0 here: a pair that never met is drawn before any other.
  if (count === 0) return 1e6;
  const variance = Math.max(0, weightedSquares / total - (weighted / total) ** 2);
  return Math.sqrt(variance / count) - Math.sqrt(variance / (count + 1));
}
