import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type KeptVotes, readKeptVotes } from "@/e2e/kept-votes";
import { type OwnWorker, type Platform, startPlatform, startWorker } from "@/e2e/platform";
import { paths } from "@/lib/paths";
import { arenaRulesSchema } from "@/lib/protocol/arena-rules-view";
import { seededRandom } from "@/lib/util/random";
import { countCpu } from "../cpu-share";
import { toCount } from "../flag-values";
import { percentile } from "../load";
import { readCpuMs } from "../process-cpu";
import { openSession } from "../served";
import { formatTable } from "../text-table";
import { Visitor } from "./visitor";

export const BATTLES_OPTIONS = {
  visitors: { type: "string", default: "100" },
  rounds: { type: "string", default: "3" },
  "read-seconds": { type: "string", default: "5" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean" },
} as const;

type Flags = { visitors: string; rounds: string; "read-seconds": string; seed: string };

/** Milliseconds of one kind of request. */
type Spread = { count: number; p50Ms: number; p99Ms: number; mostMs: number };

export type BattlesReport = {
  bench: "battles";
  visitors: number;
  rounds: number;
  battle: Spread;
  /** Votes of visitors who vote, and ask anew, as soon as they may: as many as the machine takes. */
  vote: Spread;
  /** Votes of as many visitors who read first, each for a time of their own. */
  voteAfterReading: Spread;
  readSeconds: number;
  /** Votes that all visitors cast at one moment. */
  voteAtOnce: Spread;
  kept: KeptVotes;
  /** What the web process worked for a battle with its vote, in milliseconds; undefined where the system does not tell. */
  webMs: number | undefined;
  /** Cores that were busy meanwhile, the web process, workers, database and visitors of this included. */
  busyCores: number | undefined;
  isSound: boolean;
};

const RUN_MS_MAX = 300_000;
/** Of those who read first. */
const READING_ROUNDS = 3;
const OUTCOMES = ["a", "b", "tie", "both-bad"] as const;
const MODELS = ["mock/echo", "mock/paced", "mock/random"];

/**
 * So many battles at once at one web process, each with two answers of mock workers, a vote and its reveal: as
 * quickly as the machine goes; then with visitors who read before they vote; and in the last round all votes
 * come at one moment, and half of them twice. Ends with 1 when a vote is missing
 * in the database, or is there twice.
 */
export async function runBattlesBench(flags: Flags): Promise<BattlesReport> {
  const visitorCount = toCount("visitors", flags.visitors, 1_000);
  const rounds = toCount("rounds", flags.rounds, 100);
  const readSeconds = toCount("read-seconds", flags["read-seconds"], 60);
  const random = seededRandom(toCount("seed", flags.seed, 2 ** 31));
  const signal = AbortSignal.timeout(RUN_MS_MAX);
  const models = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const platform = await startPlatform({ PARLEY_MODELS: models });
  const workers: OwnWorker[] = [];
  try {
    const words = ["--kind", "mock", "--slots", "64", ...MODELS.flatMap((it) => ["--model", it])];
    for (let count = 0; count < 4; count++) workers.push(await startWorker(words, platform));
    await lift(platform);
    const visitors = Array.from({ length: visitorCount }, () => new Visitor(platform.url));
    const battleMs: number[] = [];
    const web = platform.children().web ?? 0;
    const [webBefore, countedCpu] = [readCpuMs(web), countCpu()];
    const asTheyCome = await Promise.all(
      visitors.map((visitor, at) => play(visitor, { at, rounds, battleMs, signal })),
    );
    const afterReading = await Promise.all(
      visitors.map((visitor, at) => {
        const readMs = () => 2 * random() * readSeconds * 1_000;
        return play(visitor, { at, rounds: READING_ROUNDS, battleMs: [], readMs, signal });
      }),
    );
    const atOnce = await playAtOnce(visitors, { battleMs, signal });
    const { ownCores, otherCores } = countedCpu();
    const webAfter = readCpuMs(web);
    const total = visitorCount * (rounds + READING_ROUNDS + 1);
    const kept = await untilOnBoard(platform.databaseUrl, total, signal);
    const isSound = [kept.votes, kept.ballots, kept.onBoard].every((it) => it === total);
    const report: BattlesReport = {
      ...{ bench: "battles", visitors: visitorCount, rounds, battle: toSpread(battleMs) },
      ...{ vote: toSpread(asTheyCome.flat()), voteAtOnce: toSpread(atOnce), kept, isSound },
      ...{ voteAfterReading: toSpread(afterReading.flat()), readSeconds },
      webMs: webBefore && webAfter && (webAfter - webBefore) / total,
      busyCores: otherCores === undefined ? undefined : ownCores + otherCores,
    };
    for (const line of describe(report)) console.log(line);
    return report;
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await platform.stop();
    rmSync(models, { recursive: true, force: true });
  }
}

/** Machines read at once what takes people seconds, and all of them are at one address. */
async function lift({ url, adminToken }: Platform): Promise<void> {
  const cookie = await openSession(url, adminToken);
  const headers = { cookie, "content-type": "application/json", origin: new URL(url).origin };
  const path = `${url}${paths.api.adminArena}`;
  const { version, settings } = arenaRulesSchema.parse(
    await (await fetch(path, { headers })).json(),
  );
  const none = { readSecondsMin: 0, readSecondsPerThousandCharacters: 0, readSecondsMax: 0 };
  const unlimited = {
    ...{ votesPerVisitorAndHour: 0, votesPerVisitorAndDay: 0, votesPerNetworkAndDay: 0 },
    ...{ battlesPerVisitorAndHour: 0, battlesPerNetworkAndHour: 0, votesPerPromptMax: 0 },
    ...{ battlesPerVisitorAndDay: 0, battlesPerNetworkAndDay: 0 },
  };
  const integrity = { ...settings.integrity, ...none, ...unlimited };
  const terms = { version: "", text: "" };
  const body = JSON.stringify({ ...settings, version, integrity, terms });
  const reply = await fetch(path, { method: "PUT", headers, body });
  if (!reply.ok) throw new Error(`The rules were not taken: ${await reply.text()}`);
}

type Playing = { battleMs: number[]; signal: AbortSignal; readMs?: () => number };

async function play(
  visitor: Visitor,
  { at, rounds, battleMs, signal, readMs }: Playing & { at: number; rounds: number },
): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    const votable = await visitor.battle(`Visitor ${at} asks question ${round}.`, signal);
    battleMs.push(performance.now() - startedMs);
    if (readMs) await delay(readMs(), undefined, { signal });
    times.push(await vote(visitor, votable, at + round, signal));
  }
  return times;
}

async function playAtOnce(
  visitors: readonly Visitor[],
  { battleMs, signal }: Playing,
): Promise<number[]> {
  const ready = await Promise.all(
    visitors.map(async (visitor, at) => {
      const startedMs = performance.now();
      const votable = await visitor.battle(`Visitor ${at} asks a last question.`, signal);
      battleMs.push(performance.now() - startedMs);
      return { visitor, votable };
    }),
  );
  const times = await Promise.all(
    ready.map(({ visitor, votable }, at) =>
      // A double click: both are answered alike, and one vote is kept.
      Promise.all([...(at % 2 === 0 ? [1] : [1, 2])].map(() => vote(visitor, votable, at, signal))),
    ),
  );
  return times.flat();
}

async function vote(
  visitor: Visitor,
  votable: Parameters<Visitor["vote"]>[0],
  at: number,
  signal: AbortSignal,
): Promise<number> {
  const { ms, view } = await visitor.vote(votable, OUTCOMES[at % 4] ?? "tie", signal);
  if (view.reveal === null) throw new Error("A vote revealed nothing.");
  return ms;
}

/** The board follows votes within a second or two. */
async function untilOnBoard(
  databaseUrl: string,
  total: number,
  signal: AbortSignal,
): Promise<KeptVotes> {
  for (let attempt = 0; ; attempt++) {
    const kept = await readKeptVotes(databaseUrl);
    if (kept.onBoard >= total || attempt === 20 || signal.aborted) return kept;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function toSpread(values: readonly number[]): Spread {
  return {
    count: values.length,
    p50Ms: percentile(values, 0.5),
    p99Ms: percentile(values, 0.99),
    mostMs: Math.max(...values),
  };
}

function describe(report: BattlesReport): string[] {
  const { visitors, rounds, kept, isSound } = report;
  const row = (name: string, { count, p50Ms, p99Ms, mostMs }: Spread) => [
    ...[name, String(count)],
    ...[p50Ms, p99Ms, mostMs].map((ms) => ms.toFixed(0)),
  ];
  const total = visitors * (rounds + READING_ROUNDS + 1);
  return [
    `battles: ${visitors} at once, ${rounds} rounds as quickly as it goes, ${READING_ROUNDS} of visitors who read ${report.readSeconds} s in the mean, and a last one in which all vote at one moment`,
    ...formatTable(
      ["", "requests", "p50 ms", "p99 ms", "most ms"],
      [
        row("two answers", report.battle),
        row("vote and reveal", report.vote),
        row("… after reading", report.voteAfterReading),
        row("votes at one moment", report.voteAtOnce),
      ],
    ),
    `a battle with its vote took ${report.webMs?.toFixed(0) ?? "?"} ms of the web process's work; ${report.busyCores?.toFixed(1) ?? "?"} cores were busy`,
    `of ${total} votes ${kept.votes} are kept, ${kept.counted} count and ${kept.onBoard} are on the board: ${isSound ? "none is lost" : "NOT ALL OF THEM"}`,
  ];
}
