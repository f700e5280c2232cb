import type { Goal } from "../gateway/goals";
import { type Pinning, pinOthers } from "../gateway/process-facts";
import type { Rate, Target, Turns } from "../gateway/question";
import { percentile } from "../load";
import { describeMachine, type Machine, machineLines } from "../machine";
import { readCpuMs } from "../process-cpu";
import { formatTable } from "../text-table";
import { judgePassthrough, type PassthroughRow, type Spread } from "./goals";
import { type Lane, type Lineup, openLineup } from "./lineup";
import type { PassthroughOptions } from "./options";
import { CHUNKS } from "./targets";

/** Rows of requests one by one, and how many of a row count: the slowest hundredth is three of them. */
const ROWS = 3;
const ROW = 100;
/** The same where the server waits behind its first piece, and how long: longer than a worker takes for it. */
const ALONE_ROW = 30;
const ALONE_MS = 10;
/** Of a worker that has answered six times so far: its code is not compiled yet. */
const YOUNG_ROW = 20;
const CLIENTS = 32;
const RATE_MS = 1_500;
const WARM_UP_MS = 1_000;
/** The whole run, whatever hangs. */
const RUN_MS_MAX = 600_000;

export type PassthroughReport = {
  bench: "passthrough";
  machine: Machine;
  pinning: Pinning | undefined;
  rounds: number;
  chunks: number;
  rows: PassthroughRow[];
  goals: Goal[];
};

type Turn = Turns[number];
/** One way in one round. */
type Measured = {
  directTurn: Turn;
  ownTurn: Turn;
  alone: { direct: Turn; own: Turn };
  direct: Rate;
  own: Rate;
  /** Microseconds of the processor: of the two ends of the direct read, and of the worker. */
  cpuUsAChunk: { direct: number | undefined; own: number | undefined };
};

/** What a worker adds to the stream of the server behind it, beside a bare read of that stream. */
export async function runPassthroughBench(options: PassthroughOptions): Promise<PassthroughReport> {
  const machine = describeMachine();
  const startedMs = performance.now();
  const signal = AbortSignal.timeout(RUN_MS_MAX);
  const pinning = pinOthers();
  console.log(
    `passthrough: streams of ${CHUNKS} chunks through a worker, beside a bare read of the same`,
  );
  for (const line of machineLines(machine)) console.log(line);
  console.log(
    pinning
      ? `The worker that is asked has core ${pinning.gateway}; load, servers and web process share ${pinning.others}.`
      : "Nobody has a core of its own here: two cores and taskset are needed for that.",
  );
  const lineup = await openLineup(options, pinning, signal);
  try {
    const ways = lineup.lanes.flatMap(toWays);
    const young: Spread[] = [];
    for (const way of ways) {
      young.push(await measureYoung(lineup, way, signal));
      await warmUp(lineup, way, signal);
    }
    const rounds: Measured[][] = [];
    const endMs = startedMs + options.minutes * 60_000;
    for (let longestMs = 0; rounds.length < options.roundCount; ) {
      if (rounds.length > 0 && performance.now() + longestMs > endMs) break;
      console.log(`round ${rounds.length + 1} of ${options.roundCount}`);
      const roundMs = performance.now();
      rounds.push(await measureRound(lineup, ways, signal));
      longestMs = Math.max(longestMs, performance.now() - roundMs);
    }
    const rows = ways.map((way, index) =>
      toRow(way, {
        rounds: rounds.flatMap((round) => round[index] ?? []),
        young: young[index] ?? NO_SPREAD,
      }),
    );
    const goals = judgePassthrough(rows.filter((_, index) => !ways[index]?.isGateway));
    print(rows, goals, rounds.length);
    return {
      bench: "passthrough",
      machine,
      pinning,
      rounds: rounds.length,
      chunks: CHUNKS,
      rows,
      goals,
    };
  } finally {
    await lineup.close();
  }
}

type Way = {
  lane: Lane;
  title: string;
  direct: Target;
  own: Target;
  pid: number | undefined;
  isGateway: boolean;
};

function toWays(lane: Lane): Way[] {
  const { title, direct, worker, gateway, pid } = lane;
  const own = { lane, title, direct, own: worker, pid, isGateway: false };
  if (gateway === undefined) return [own];
  return [
    own,
    {
      ...{ lane, title: `${title}, through /v1`, direct, own: gateway },
      pid: undefined,
      isGateway: true,
    },
  ];
}

/** What a worker adds to the first piece while it is new. */
async function measureYoung(
  { load }: Lineup,
  { title, direct, own }: Way,
  signal: AbortSignal,
): Promise<Spread> {
  const turns = await load.turns({ targets: [direct, own], rows: 1, row: YOUNG_ROW }, signal);
  const [directTurn, ownTurn] = turns;
  if (!directTurn || !ownTurn) throw new Error(`${title} was not measured.`);
  return addedTo(directTurn, ownTurn, "firstMs");
}

function addedTo(direct: Turn, own: Turn, times: "firstMs" | "wholeMs"): Spread {
  const of = (share: number) => percentile(own[times], share) - percentile(direct[times], share);
  return { p50: of(0.5), p99: of(0.99) };
}

/** Connections are opened and code is compiled before anything counts. */
async function warmUp({ load }: Lineup, { direct, own }: Way, signal: AbortSignal): Promise<void> {
  for (const target of [direct, own]) {
    await load.rate({ target, clients: CLIENTS, durationMs: WARM_UP_MS }, signal);
  }
}

async function measureRound(
  { load, ends, pause }: Lineup,
  ways: readonly Way[],
  signal: AbortSignal,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  const ask = async (target: Target, pids: readonly (number | undefined)[]) => {
    const before = cpuMsOf(pids);
    const rate = await load.rate({ target, clients: CLIENTS, durationMs: RATE_MS }, signal);
    const now = cpuMsOf(pids);
    // Those that ended after the time were worked on as well.
    const chunks = (rate.whole + rate.broken) * CHUNKS;
    const cpuUs = before && now && ((now - before) * 1_000) / chunks;
    return { rate, cpuUs };
  };
  for (const { lane, title, direct: from, own: through, pid } of ways) {
    const targets = [from, through];
    const [directTurn, ownTurn] = await load.turns({ targets, rows: ROWS, row: ROW }, signal);
    await pause(lane, ALONE_MS);
    const [directAlone, ownAlone] = await load.turns({ targets, rows: 1, row: ALONE_ROW }, signal);
    await pause(lane, 0);
    if (!directTurn || !ownTurn || !directAlone || !ownAlone) {
      throw new Error(`${title} was not measured.`);
    }
    const direct = await ask(from, ends);
    const own = await ask(through, [pid]);
    const cpuUsAChunk = { direct: direct.cpuUs, own: own.cpuUs };
    measured.push({
      ...{ directTurn, ownTurn, alone: { direct: directAlone, own: ownAlone } },
      ...{ direct: direct.rate, own: own.rate, cpuUsAChunk },
    });
  }
  return measured;
}

/** Of all these processes together; undefined where the system does not tell of one. */
function cpuMsOf(pids: readonly (number | undefined)[]): number | undefined {
  const each = pids.map((pid) => (pid === undefined ? undefined : readCpuMs(pid)));
  return each.reduce(
    (sum, ms) => (sum !== undefined && ms !== undefined ? sum + ms : undefined),
    0,
  );
}

const median = (values: readonly number[]) => percentile(values, 0.5);

const NO_SPREAD: Spread = { p50: Number.NaN, p99: Number.NaN };

function toRow(
  { title }: Way,
  { rounds, young }: { rounds: readonly Measured[]; young: Spread },
): PassthroughRow {
  const spread = (of: (round: Measured, share: number) => number): Spread => ({
    p50: median(rounds.map((round) => of(round, 0.5))),
    p99: median(rounds.map((round) => of(round, 0.99))),
  });
  type Times = "firstMs" | "wholeMs";
  const direct = (times: Times) => spread((it, share) => percentile(it.directTurn[times], share));
  // Of each round the difference: what slows a round slows both of its sides.
  const medians = (spreads: readonly Spread[]): Spread => ({
    p50: median(spreads.map(({ p50 }) => p50)),
    p99: median(spreads.map(({ p99 }) => p99)),
  });
  const added = (times: Times) =>
    medians(rounds.map((it) => addedTo(it.directTurn, it.ownTurn, times)));
  const rates = rounds.flatMap((it) => [it.direct, it.own]);
  const turns = rounds.flatMap(({ directTurn, ownTurn, alone }) => [
    ...[directTurn, ownTurn, alone.direct, alone.own],
  ]);
  const cpu = (of: keyof Measured["cpuUsAChunk"]) => {
    const known = rounds.flatMap(({ cpuUsAChunk }) => cpuUsAChunk[of] ?? []);
    return known.length === 0 ? undefined : median(known);
  };
  return {
    title,
    direct: {
      ...{ first: direct("firstMs"), whole: direct("wholeMs") },
      chunksPerSecond: median(rounds.map((it) => it.direct.tokensPerSecond)),
    },
    added: { first: added("firstMs"), whole: added("wholeMs") },
    alone: medians(rounds.map(({ alone }) => addedTo(alone.direct, alone.own, "firstMs"))),
    young,
    chunksPerSecond: median(rounds.map((it) => it.own.tokensPerSecond)),
    cpuUsAChunk: { direct: cpu("direct"), own: cpu("own") },
    whole: [...rates.map((it) => it.whole), ...turns.map((it) => it.wholeMs.length)].reduce(
      (a, b) => a + b,
      0,
    ),
    broken: [...rates, ...turns].reduce((sum, it) => sum + it.broken, 0),
    fault: rates.find((it) => it.fault !== undefined)?.fault,
  };
}

function toCells({ direct = Number.NaN, own = Number.NaN }: PassthroughRow["cpuUsAChunk"]) {
  const figures = [`${direct.toFixed(1)} ${own.toFixed(1)}`, `${(own / direct).toFixed(2)}×`];
  return figures.map((it) => it.replaceAll(/NaN×?/g, "–"));
}

function print(rows: readonly PassthroughRow[], goals: readonly Goal[], rounds: number): void {
  console.log(
    `\nMedians of ${rounds} rounds. Milliseconds with 1 client; chunks a second with ${CLIENTS} streams at once.`,
  );
  const both = ({ p50, p99 }: Spread) => `${p50.toFixed(2)} / ${p99.toFixed(2)}`;
  const head = [
    ...["way", "direct: first p50 / p99", "added", "alone", "young", "whole", "added"],
    ...[
      "chunks/s direct",
      "through",
      "share",
      "CPU µs a chunk: both ends, worker",
      "ratio",
      "broken",
    ],
  ];
  const cells = rows.map(
    ({ title, direct, added, alone, young, chunksPerSecond, cpuUsAChunk, broken }) => [
      ...[title, both(direct.first), both(added.first), both(alone), both(young)],
      ...[both(direct.whole), both(added.whole)],
      ...[direct.chunksPerSecond.toFixed(0), chunksPerSecond.toFixed(0)],
      `${((chunksPerSecond / direct.chunksPerSecond) * 100).toFixed(0)} %`,
      ...[...toCells(cpuUsAChunk), String(broken)],
    ],
  );
  for (const line of formatTable(head, cells)) console.log(line);
  for (const { title, fault } of rows) if (fault) console.log(`${title}: ${fault}`);
  console.log(
    `\nAdded: to the first piece of a stream that its server says as fast as it can. Alone: where nothing follows the\nfirst piece for ${ALONE_MS} ms, as models say it. Young: as added, by requests 7 to ${YOUNG_ROW + 6} of a new process.`,
  );
  console.log(
    "\nA worker's row includes its process alone: reading the server, and writing its own protocol. The row through\n/v1 has the web process before it. Every answer has been counted to its last byte or line.\n",
  );
  const judged = goals.map(({ text, measured, wanted, isMet }) => [
    ...[text, measured, wanted],
    isMet === undefined ? "open" : isMet ? "met" : "missed",
  ]);
  for (const line of formatTable(["goal", "measured", "wanted", ""], judged, 4)) console.log(line);
}
