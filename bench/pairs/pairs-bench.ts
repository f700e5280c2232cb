import { formatTable } from "../text-table";
import { type Drawing, type Simulation, votesUntilPrecise } from "./simulate";

const DRAWINGS: readonly Drawing[] = ["uniform", "active", "printed"];

/** So many arenas, each with its own votes; both ways to draw meet the same seed. */
export const PAIR_SEEDS: readonly number[] = Array.from({ length: 40 }, (_, at) => at + 1);

type Setting = Omit<Simulation, "drawing" | "seed"> & { name: string };

const spread = (count: number, by: number): number[] =>
  Array.from({ length: count }, (_, at) => 1_000 + by * (at / (count - 1) - 0.5));

const BASE = {
  ...({ tieShare: 0.2, uniformShare: 0.2, precision: 0.2, of: "every", lag: 50 } as const),
  votesMax: 100_000,
};

export const PAIR_SETTINGS: readonly Setting[] = [
  { ...BASE, name: "20 models over 400 points", strengths: spread(20, 400) },
  { ...BASE, name: "the same, all models alike", strengths: spread(20, 0) },
  { ...BASE, name: "the same over 800 points", strengths: spread(20, 800) },
  { ...BASE, name: "400 points, the mean of all entries", strengths: spread(20, 400), of: "mean" },
  { ...BASE, name: "400 points, 5 % uniform", strengths: spread(20, 400), uniformShare: 0.05 },
  { ...BASE, name: "400 points, ±0.1", strengths: spread(20, 400), precision: 0.1 },
  { ...BASE, name: "6 models over 400 points", strengths: spread(6, 400) },
  {
    ...{ ...BASE, name: "a newcomer among 19 with 60 votes a pair", strengths: spread(20, 400) },
    before: 60,
  },
];

/** Of votes needed by drawing alike to those needed otherwise, over the seeds: the mean and its 95 % interval. */
export type Ratio = { mean: number; lower: number; upper: number };

export type PairsRow = {
  name: string;
  /** Means over the seeds. */
  votes: Record<Drawing, number>;
  ratios: Record<Exclude<Drawing, "uniform">, Ratio>;
};

export type PairsBenchReport = { bench: "pairs"; node: string; seeds: number; rows: PairsRow[] };

/**
 * Votes until every entry of the win matrix is known to ±0.2 (or as a row says): pairs drawn alike, by what is to
 * be learnt of them (`lib/arena/active-pairs.ts`), and by the formula of arXiv 2403.04132 as printed.
 */
export function runPairsBench(): PairsBenchReport {
  const rows = PAIR_SETTINGS.map((setting) => comparePairs(setting, PAIR_SEEDS));
  console.log(
    `pairs: votes until each entry of the win matrix is known to ±0.2 with 95 %; means over ${PAIR_SEEDS.length} seeds (1 to ${PAIR_SEEDS.length}), ratios with their 95 % interval`,
  );
  console.log(
    "20 % of votes on equal models are ties; draws know votes up to 50 late; 20 % of active draws are uniform",
  );
  const head = [
    "models",
    "uniform",
    "active",
    "uniform : active",
    "as printed",
    "uniform : printed",
  ];
  const cells = rows.map(({ name, votes, ratios }) => [
    name,
    votes.uniform.toFixed(0),
    votes.active.toFixed(0),
    tell(ratios.active),
    votes.printed.toFixed(0),
    tell(ratios.printed),
  ]);
  for (const line of formatTable(head, cells, 1)) console.log(line);
  return { bench: "pairs", node: process.version, seeds: PAIR_SEEDS.length, rows };
}

export function comparePairs({ name, ...setting }: Setting, seeds: readonly number[]): PairsRow {
  const runs = seeds.map((seed) => {
    const [uniform = 0, active = 0, printed = 0] = DRAWINGS.map((drawing) =>
      votesUntilPrecise({ ...setting, drawing, seed }),
    );
    return { uniform, active, printed };
  });
  const meanOf = (drawing: Drawing) => mean(runs.map((run) => run[drawing]));
  const ratioOf = (drawing: Drawing) => toRatio(runs.map((run) => run.uniform / run[drawing]));
  return {
    name,
    votes: { uniform: meanOf("uniform"), active: meanOf("active"), printed: meanOf("printed") },
    ratios: { active: ratioOf("active"), printed: ratioOf("printed") },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function toRatio(values: readonly number[]): Ratio {
  const middle = mean(values);
  const variance = values.reduce((sum, it) => sum + (it - middle) ** 2, 0) / (values.length - 1);
  // Student's quantile for 39 degrees of freedom; with fewer seeds the interval is a little too narrow.
  const reach = 2.023 * Math.sqrt(variance / values.length);
  return { mean: middle, lower: middle - reach, upper: middle + reach };
}

function tell({ mean: middle, lower, upper }: Ratio): string {
  return `${middle.toFixed(2)} [${lower.toFixed(2)}, ${upper.toFixed(2)}]`;
}
