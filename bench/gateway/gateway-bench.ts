import { resolve } from "node:path";
import { percentile } from "../load";
import { describeMachine, type Machine, machineLines } from "../machine";
import { formatTable } from "../text-table";
import { type GatewayFigures, type Goal, judgeGateway } from "./goals";
import { type Lineup, openLineup } from "./lineup";
import type { GatewayBenchOptions } from "./options";
import { type Pinning, pinOthers, readMemory } from "./process-facts";
import type { Hold, Rate } from "./question";
import { type Ask, toTarget, type Way } from "./targets";

/** What a request takes is measured with the shortest answer, and what a token takes by streams. */
const SHORT: Ask = { tokens: 1, isStream: false };
const SENTENCE: Ask = { tokens: 16, isStream: false };
const STREAM: Ask = { tokens: 128, isStream: true };
const SLOW: Ask = { tokens: 4_096, isStream: true, isHeld: true };
/** Rows of requests one by one, and how many of a row count. */
const ROWS = 12;
const ROW = 50;
const RATE_MS = 2_500;
/** For which streams are held once all are open. */
const HOLD_MS = 5_000;
const WARM_UP_MS = 2_500;
const REQUEST_CLIENTS = 32;
const STREAM_CLIENTS = 128;
const WAYS: readonly Way[] = ["light", "parley", "upstream", "portkey", "worker", "through"];
/** The whole run, whatever hangs. */
const RUN_MS_MAX = 1_200_000;

export type GatewayReport = {
  bench: "gateway";
  machine: Machine;
  pinning: Pinning | undefined;
  rounds: number;
  rows: GatewayRow[];
  figures: GatewayFigures;
  goals: Goal[];
};

/** One way in all rounds; medians. */
export type GatewayRow = {
  way: Way;
  p50Ms: number;
  p99Ms: number;
  requestsPerSecond: number;
  /** The same of answers of a sentence's length. */
  sentence: { p50Ms: number; p99Ms: number; requestsPerSecond: number };
  framesPerSecond: number;
  whole: number;
  broken: number;
  fault: string | undefined;
};

type Series = {
  p50: number[];
  p99: number[];
  requests: Rate[];
  sentence: { p50: number[]; p99: number[]; requests: Rate[] };
  frames: Rate[];
  brokenTurns: number;
};
type Held = Hold & { kibAStream: number | undefined };

/** What our gateway adds to a request, beside a peer and beside no gateway at all. */
export async function runGatewayBench(options: GatewayBenchOptions): Promise<GatewayReport> {
  const machine = describeMachine();
  const signal = AbortSignal.timeout(RUN_MS_MAX);
  const pinning = pinOthers();
  console.log("gateway: our /v1/chat/completions with keys, limits and accounting on");
  for (const line of machineLines(machine)) console.log(line);
  console.log(
    pinning
      ? `The gateway that is asked has core ${pinning.gateway}; load, models and database share ${pinning.others}.`
      : "Nobody has a core of its own here: two cores and taskset are needed for that.",
  );
  const folder = resolve(options.folder);
  const lineup = await openLineup({ folder, hasPeer: options.hasPeer, pinning }, signal);
  try {
    await warmUp(lineup, signal);
    const held = {
      parley: await hold(lineup, "parley", options.streams, signal),
      portkey: await hold(lineup, "portkey", options.streams, signal),
    };
    const series = new Map<Way, Series>();
    const rounds = await measureRounds(lineup, { ...options, series }, signal);
    const rows = [...series].map(([way, it]) => toRow(way, it));
    const figures = toFigures(series, held, { lineup, streams: options.streams });
    const goals = judgeGateway(figures);
    print(rows, goals, rounds);
    return { bench: "gateway", machine, pinning, rounds, rows, figures, goals };
  } finally {
    await lineup.close();
  }
}

/** Connections are opened and code is compiled before anything counts. */
async function warmUp({ load, places }: Lineup, signal: AbortSignal): Promise<void> {
  for (const way of WAYS) {
    for (const ask of [SHORT, SENTENCE, STREAM]) {
      const target = toTarget(way, ask, places);
      if (target) await load.rate({ target, clients: 8, durationMs: WARM_UP_MS }, signal);
    }
  }
}

async function hold(
  { load, places, pids }: Lineup,
  way: "parley" | "portkey",
  streams: number,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const target = toTarget(way, SLOW, places);
  const pid = pids[way];
  if (!target || pid === undefined) return undefined;
  console.log(`${streams} slow streams through ${way}`);
  const before = readMemory(pid)?.nowMib;
  let most = before;
  const watch = setInterval(() => {
    const now = readMemory(pid)?.nowMib;
    if (now !== undefined && most !== undefined) most = Math.max(most, now);
  }, 100);
  try {
    const releasePort = (way === "parley" ? places.light : places.upstream).port;
    const held = await load.hold(
      { target, clients: streams, releasePort, holdMs: HOLD_MS },
      signal,
    );
    const grown = before === undefined || most === undefined ? undefined : most - before;
    if (held.fault !== undefined) console.log(`${way}: ${held.broken} broken, ${held.fault}`);
    const kibAStream =
      grown === undefined || held.heldMax === 0 ? undefined : (grown * 1_024) / held.heldMax;
    return { ...held, kibAStream };
  } finally {
    clearInterval(watch);
  }
}

async function measureRounds(
  { load, places }: Lineup,
  { roundCount, minutes, series }: GatewayBenchOptions & { series: Map<Way, Series> },
  signal: AbortSignal,
): Promise<number> {
  const endMs = performance.now() + minutes * 60_000;
  const get = (way: Way) => {
    const found = series.get(way) ?? newSeries();
    series.set(way, found);
    return found;
  };
  for (let round = 0; round < roundCount; round++) {
    if (round > 0 && performance.now() > endMs) return round;
    console.log(`round ${round + 1} of ${roundCount}`);
    const targetsOf = (ask: Ask) => WAYS.flatMap((way) => toTarget(way, ask, places) ?? []);
    for (const [ask, seriesOf] of [
      [SHORT, (it: Series) => it],
      [SENTENCE, (it: Series) => it.sentence],
    ] as const) {
      const targets = targetsOf(ask);
      for (const turn of await load.turns({ targets, rows: ROWS, row: ROW }, signal)) {
        // The names are those that `toTarget` gave.
        const own = get(turn.name as Way);
        seriesOf(own).p50.push(percentile(turn.wholeMs, 0.5));
        seriesOf(own).p99.push(percentile(turn.wholeMs, 0.99));
        own.brokenTurns += turn.broken;
      }
      for (const target of targets) {
        const question = { target, clients: REQUEST_CLIENTS, durationMs: RATE_MS };
        seriesOf(get(target.name as Way)).requests.push(await load.rate(question, signal));
      }
    }
    for (const target of targetsOf(STREAM)) {
      const question = { target, clients: STREAM_CLIENTS, durationMs: RATE_MS };
      get(target.name as Way).frames.push(await load.rate(question, signal));
    }
  }
  return roundCount;
}

const newSeries = (): Series => ({
  ...{ p50: [], p99: [], requests: [], frames: [], brokenTurns: 0 },
  sentence: { p50: [], p99: [], requests: [] },
});

const median = (values: readonly number[]) => percentile(values, 0.5);

function toRow(
  way: Way,
  { p50, p99, requests, sentence, frames, brokenTurns }: Series,
): GatewayRow {
  const rates = [...requests, ...sentence.requests, ...frames];
  return {
    ...{ way, p50Ms: median(p50), p99Ms: median(p99) },
    requestsPerSecond: median(requests.map((it) => it.requestsPerSecond)),
    sentence: {
      ...{ p50Ms: median(sentence.p50), p99Ms: median(sentence.p99) },
      requestsPerSecond: median(sentence.requests.map((it) => it.requestsPerSecond)),
    },
    framesPerSecond: median(frames.map((it) => it.tokensPerSecond)),
    whole: rates.reduce((sum, it) => sum + it.whole, 0),
    broken: rates.reduce((sum, it) => sum + it.broken, brokenTurns),
    fault: rates.find((it) => it.fault !== undefined)?.fault,
  };
}

function toFigures(
  series: ReadonlyMap<Way, Series>,
  held: Record<"parley" | "portkey", Held | undefined>,
  { lineup, streams }: { lineup: Lineup; streams: number },
): GatewayFigures {
  /** Of each round the difference, of which the median: what slows a round slows both of its sides. */
  const added = (way: Way, without: Way) => {
    const [own, base] = [series.get(way), series.get(without)];
    if (!own || !base) return undefined;
    const difference = (of: (it: Series) => number[]) =>
      median(of(own).map((it, round) => it - (of(base)[round] ?? Number.NaN)));
    return { p50: difference((it) => it.p50), p99: difference((it) => it.p99) };
  };
  const ratio = (of: (it: Series) => number[], way: Way) => {
    const own = series.get(way);
    return own && median(of(own));
  };
  /** A peer whose answers were not whole is nothing to compare with. */
  const isSound = (way: Way) =>
    [...(series.get(way)?.requests ?? []), ...(series.get(way)?.frames ?? [])].every(
      (it) => it.broken === 0,
    );
  const requests = (way: Way) => ratio((it) => it.requests.map((r) => r.requestsPerSecond), way);
  const frames = (way: Way) => ratio((it) => it.frames.map((r) => r.tokensPerSecond), way);
  const none = { p50: Number.NaN, p99: Number.NaN };
  const toHeld = (it: Held) => ({
    ...{ held: it.heldMax, broken: it.broken, kibAStream: it.kibAStream },
  });
  const { parley, portkey } = held;
  return {
    addedMs: { parley: added("parley", "light") ?? none, portkey: added("portkey", "upstream") },
    requests: {
      parley: requests("parley") ?? Number.NaN,
      portkey: isSound("portkey") ? requests("portkey") : undefined,
    },
    frames: {
      parley: frames("parley") ?? Number.NaN,
      light: frames("light") ?? Number.NaN,
      isWhole: series.get("parley")?.frames.every((it) => it.broken === 0) ?? false,
    },
    hold: {
      streams,
      parley: parley ? toHeld(parley) : { held: 0, broken: 0, kibAStream: undefined },
      portkey: portkey && portkey.broken === 0 ? toHeld(portkey) : undefined,
    },
    peakMib: lineup.pids.parley === undefined ? undefined : readMemory(lineup.pids.parley)?.peakMib,
  };
}

const NAMES: Record<Way, string> = {
  light: "light worker alone",
  parley: "Parley before that",
  upstream: "light server alone",
  portkey: "Portkey 1.15.2 before that",
  worker: "our worker alone",
  through: "Parley before our worker",
};

function print(rows: readonly GatewayRow[], goals: readonly Goal[], rounds: number): void {
  console.log(
    `\nMedians of ${rounds} rounds. Answers of ${SHORT.tokens} token, streams of ${STREAM.tokens}.`,
  );
  const head = [
    ...["way", "p50 ms", "p99 ms", "answers/s, 32 clients", "frames/s, 128 streams", "broken"],
  ];
  const cells = rows.map((row) => [
    ...[NAMES[row.way], row.p50Ms.toFixed(3), row.p99Ms.toFixed(3)],
    ...[row.requestsPerSecond.toFixed(0), row.framesPerSecond.toFixed(0), String(row.broken)],
  ]);
  for (const line of formatTable(head, cells)) console.log(line);
  printSentences(rows);
  for (const { way, fault } of rows) if (fault) console.log(`${NAMES[way]}: ${fault}`);
  console.log("");
  const judged = goals.map(({ text, measured, wanted, isMet }) => [
    ...[text, measured, wanted],
    isMet === undefined ? "open" : isMet ? "met" : "missed",
  ]);
  for (const line of formatTable(["goal", "measured", "wanted", ""], judged, 4)) console.log(line);
}

/** Reported, and no goal. */
function printSentences(rows: readonly GatewayRow[]): void {
  console.log(`\nThe same with answers of ${SENTENCE.tokens} tokens, of which no goal goes by:`);
  const cells = rows.map(({ way, sentence: { p50Ms, p99Ms, requestsPerSecond } }) => [
    ...[NAMES[way], p50Ms.toFixed(3), p99Ms.toFixed(3), requestsPerSecond.toFixed(0)],
  ]);
  const head = ["way", "p50 ms", "p99 ms", "answers/s, 32 clients"];
  for (const line of formatTable(head, cells)) console.log(line);
}
