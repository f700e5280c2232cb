import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packVotes, toElo } from "@/lib/rating/elo";
import { countPairs, toTallies } from "@/lib/rating/pair-counts";
import { pickRated } from "@/lib/rating/pick-rated";
import { rate } from "@/lib/rating/rate";
import { fitPreset, requirementOf } from "@/lib/rating/rate-strengths";
import { RATING_DEFAULTS, type RatingOptions } from "@/lib/rating/rating-options";
import { STYLE_FEATURES, type VoteColumns } from "@/lib/rating/vote-columns";
import { readVotes } from "@/lib/vote-files/read-votes";
import { toCount } from "../flag-values";
import type { Goal } from "../gateway/goals";
import { describeMachine, type Machine, machineLines } from "../machine";
import { formatTable } from "../text-table";
import { judgeRatings, type RatingFigures } from "./goals";
import { makeVotes } from "./synthetic-votes";
import { parseBare, writeVoteFile } from "./vote-file";

export const RATINGS_OPTIONS = {
  votes: { type: "string", default: "1000000" },
  models: { type: "string", default: "200" },
  rounds: { type: "string", default: "5" },
  seed: { type: "string", default: "1" },
  growth: { type: "string", default: "10" },
  check: { type: "boolean", default: false },
  json: { type: "boolean" },
} as const;

type Flags = { votes: string; models: string; rounds: string; seed: string; growth: string };

export type RatingsRow = {
  name: string;
  /** Milliseconds of work, all threads of the process together, and by the clock; medians. */
  cpuMs: number;
  wallMs: number;
  /** Of the first time in this process, before the compiler has seen it. */
  firstCpuMs: number;
  /** Beside one pass over the columns that are read. */
  ratio: number | undefined;
  fastchat: string;
};

export type RatingsReport = {
  bench: "ratings";
  machine: Machine;
  votes: number;
  models: number;
  rounds: number;
  rows: RatingsRow[];
  goals: Goal[];
};

/**
 * FastChat 0.2.36's code (scikit-learn, scipy, two processes) at a million votes and 200 models, on a machine like
 * the one of the goals: seconds.
 */
const FASTCHAT = {
  points: "1.2–1.5 s",
  bootstrap: "17–19 s",
  style: "6.2 s",
  styleBootstrap: "40 s",
  elo: "1.6–2.2 s",
} as const;

const PRESETS = {
  plain: { ...RATING_DEFAULTS, preset: "arena-rank" },
  styled: { ...RATING_DEFAULTS, preset: "arena-rank", styleControl: true },
} as const satisfies Record<string, RatingOptions>;

/** What ratings of many votes cost, from columns in memory and from a file, beside one pass over the columns. */
export async function runRatingsBench(flags: Flags): Promise<RatingsReport> {
  const count = toCount("votes", flags.votes, 20_000_000);
  const models = toCount("models", flags.models, 1000);
  const rounds = toCount("rounds", flags.rounds, 100);
  const seed = toCount("seed", flags.seed, 2 ** 31 - 1);
  const machine = describeMachine();
  console.log(`ratings: ${count} synthetic votes on ${models} models, seed ${seed}`);
  for (const line of machineLines(machine)) console.log(line);
  const votes = makeVotes({ votes: count, models, seed });
  const table = new Table(rounds);
  await measureMemory(table, votes);
  await measureFiles(table, votes);
  const peakMib = process.resourceUsage().maxRSS / 1024;
  const times = toCount("growth", flags.growth, 20);
  const growth =
    times > 1 ? await measureGrowth(table, { votes: count, models, seed }, times) : undefined;
  const goals = judgeRatings({ ...table.figures(), peakMib, growth });
  print(table.rows, goals, rounds);
  return { bench: "ratings", machine, votes: count, models, rounds, rows: table.rows, goals };
}

const NAMES = {
  pass: "one pass over models and outcomes",
  stylePass: "one pass over the style's columns besides",
  points: "Bradley–Terry, points",
  sandwich: "… with sandwich intervals",
  bootstrap: "… with 100 bootstraps instead",
  style: "style control, points",
  styleSandwich: "… with sandwich intervals",
  styleBootstrap: "… with 10 bootstraps instead",
  elo: "online Elo, once through",
  parse: "bare parse of a file of lines",
  file: "that file to points",
  styleParse: "bare parse of a file with style",
  styleFile: "that file to style-controlled points",
} as const;
type Name = keyof typeof NAMES;

class Table {
  readonly rows: RatingsRow[] = [];
  readonly rounds: number;
  readonly #cpuMs = new Map<Name, number>();

  constructor(rounds: number) {
    this.rounds = rounds;
  }

  async measure(
    name: Name,
    work: () => unknown,
    { beside, fastchat = "", rounds = this.rounds }: RowOptions = {},
  ): Promise<void> {
    const measured = await measure(work, rounds);
    this.#cpuMs.set(name, measured.cpuMs);
    const pass = beside === undefined ? undefined : this.of(beside);
    const ratio = pass === undefined ? undefined : measured.cpuMs / pass;
    this.rows.push({ name: NAMES[name], ...measured, ratio, fastchat });
  }

  of(name: Name): number {
    return this.#cpuMs.get(name) ?? Number.NaN;
  }

  figures(): Omit<RatingFigures, "peakMib" | "growth"> {
    return {
      ...{ pointsMs: this.of("points"), sandwichMs: this.of("sandwich") },
      ...{ bootstrapMs: this.of("bootstrap"), styleMs: this.of("style") },
      ...{ styleSandwichMs: this.of("styleSandwich"), fileMs: this.of("file") },
      parseMs: this.of("parse"),
    };
  }
}

type RowOptions = { beside?: Name; fastchat?: string; rounds?: number };

async function measure(work: () => unknown, rounds: number) {
  const cpu: number[] = [];
  const wall: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await work();
    wall.push(performance.now() - startedAt);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  const middle = (values: readonly number[]) =>
    [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
  return { cpuMs: middle(cpu), wallMs: middle(wall), firstCpuMs: cpu[0] ?? Number.NaN };
}

async function measureMemory(table: Table, votes: VoteColumns): Promise<void> {
  const { plain, styled } = PRESETS;
  await table.measure("pass", () => passPlain(votes), { rounds: 31 });
  await table.measure("stylePass", () => passPlain(votes) + passStyle(votes), { rounds: 31 });
  const beside = "pass";
  // Short rows need more rounds than long ones, to be told from what else the machine does.
  const rounds = 3 * table.rounds;
  await table.measure("points", () => fit(votes, plain), {
    ...{ beside, rounds, fastchat: FASTCHAT.points },
  });
  await table.measure("sandwich", () => rate(votes, plain), { beside, rounds });
  await table.measure("bootstrap", () => rate(votes, { ...plain, bootstrap: 100 }), {
    ...{ beside, fastchat: FASTCHAT.bootstrap },
  });
  await table.measure("style", () => fit(votes, styled), {
    ...{ beside: "stylePass", fastchat: FASTCHAT.style },
  });
  await table.measure("styleSandwich", () => rate(votes, styled), { beside: "stylePass" });
  await table.measure("styleBootstrap", () => rate(votes, { ...styled, bootstrap: 10 }), {
    ...{ beside: "stylePass", fastchat: FASTCHAT.styleBootstrap, rounds: 1 },
  });
  await table.measure("elo", () => toElo(packVotes(votes, countPairs(votes))), {
    beside,
    fastchat: FASTCHAT.elo,
  });
}

async function measureFiles(table: Table, votes: VoteColumns): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "parley-ratings-"));
  const { plain, styled } = PRESETS;
  try {
    const lines = join(folder, "votes.jsonl");
    await writeVoteFile(lines, votes, false);
    await table.measure("parse", () => parseBare(lines));
    await table.measure("file", async () => fit((await readVotes(lines)).table.votes, plain), {
      beside: "parse",
    });
    rmSync(lines);
    await writeVoteFile(lines, votes, true);
    await table.measure("styleParse", () => parseBare(lines), { rounds: 3 });
    await table.measure(
      "styleFile",
      async () => fit((await readVotes(lines, { style: true })).table.votes, styled),
      { beside: "styleParse", rounds: 3 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of one vote among many times as many, beside one of the votes above. */
async function measureGrowth(
  table: Table,
  { votes: count, models, seed }: { votes: number; models: number; seed: number },
  times: number,
): Promise<{ plain: number; styled: number }> {
  const votes = makeVotes({ votes: count * times, models, seed });
  const plain = await measure(() => rate(votes, PRESETS.plain), 3);
  const styled = await measure(() => rate(votes, PRESETS.styled), 3);
  const rows = [
    [`${times} × the votes, with sandwich intervals`, plain],
    [`${times} × the votes, style control, with sandwich intervals`, styled],
  ] as const;
  for (const [name, measured] of rows) {
    table.rows.push({ name, ...measured, ratio: undefined, fastchat: "" });
  }
  return {
    plain: plain.cpuMs / times / table.of("sandwich"),
    styled: styled.cpuMs / times / table.of("styleSandwich"),
  };
}

/** Points alone. */
function fit(votes: VoteColumns, options: RatingOptions): Float64Array {
  const counts = countPairs(votes);
  const group = pickRated(counts, toTallies(counts), {
    ...{ requirement: requirementOf(options), votesMin: options.votesMin },
  });
  return fitPreset(votes, { counts, group, options }).fit.parameters;
}

function passPlain({ count, modelA, modelB, outcome }: VoteColumns): number {
  let sum = 0;
  for (let vote = 0; vote < count; vote++) {
    sum += (modelA[vote] as number) + (modelB[vote] as number) + (outcome[vote] as number);
  }
  return sum;
}

function passStyle({ count, style }: VoteColumns): number {
  let sum = 0;
  for (const name of STYLE_FEATURES) {
    const { a, b } = style?.[name] ?? { a: new Float32Array(), b: new Float32Array() };
    for (let vote = 0; vote < count; vote++) sum += (a[vote] as number) - (b[vote] as number);
  }
  return sum;
}

function print(rows: readonly RatingsRow[], goals: readonly Goal[], rounds: number): void {
  console.log(
    `\nMilliseconds of work (all threads together) and by the clock, medians of ${rounds} rounds and more. FastChat's figures are of another run, on a machine of this kind.`,
  );
  const cells = rows.map((row) => [
    ...[row.name, row.cpuMs.toFixed(1), row.wallMs.toFixed(1), row.firstCpuMs.toFixed(0)],
    ...[
      row.ratio === undefined ? "" : `${row.ratio.toFixed(row.ratio < 10 ? 2 : 0)}×`,
      row.fastchat,
    ],
  ]);
  const head = ["", "ms", "by the clock", "first time", "beside the pass or parse", "FastChat"];
  for (const line of formatTable(head, cells)) console.log(line);
  console.log("");
  const judged = goals.map(({ text, measured, wanted, isMet }) => [
    ...[text, measured, wanted, isMet === undefined ? "open" : isMet ? "met" : "missed"],
  ]);
  for (const line of formatTable(["goal", "measured", "wanted", ""], judged, 4)) console.log(line);
}
