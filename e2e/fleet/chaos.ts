import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "@/lib/util/random";
import { wait } from "@/lib/util/wait";
import { type Case, Crowd } from "./crowd";
import { Fleet } from "./fleet";
import { judgeCases, type Rules } from "./judge";
import { RegistryWatch } from "./registry-watch";
import { type Blow, dealBlows, type Outage, planStorm } from "./storm";
import { untilSettled } from "./until-settled";
import { checkUsage, type UsageSums } from "./usage-check";
import { readGauges } from "./worker-gauges";

export type ChaosOptions = {
  seed: number;
  seconds: number;
  clientCount: number;
  rules: Rules;
  /** Of one answer, 20 ms each; between 50 and 250 unless given. */
  tokenCount?: { low: number; high: number };
  /** Unless given, drawn by the seed. */
  blows?: readonly Blow[];
  logFolder?: string;
};

export type ChaosReport = {
  blows: readonly Blow[];
  outages: readonly Outage[];
  /** Under the storm, and after it. */
  cases: readonly Case[];
  calmCases: readonly Case[];
  /** Workers that were passed over, by the logs of the web processes. */
  failovers: number;
  usage: UsageSums;
  /** From the last blow's mending until the registry was right and the workers empty. */
  settledMs: number;
  /** Sentences, each about a promise that was broken. */
  faults: string[];
};

const DEADLINE_MS = 60_000;
const SETTLE_MS_MAX = 15_000;
const CALM_MS = 2_000;
/** A flush, and what it takes. */
const FLUSHED_MS = 1_500;

/** A fleet in a storm: everything that was promised is held against what clients saw and what is left. */
export async function runChaos(
  { seed, seconds, clientCount, rules, logFolder, ...options }: ChaosOptions,
  tell: (line: string) => void,
): Promise<ChaosReport> {
  const fleet = new Fleet({ logFolder });
  try {
    await fleet.start();
    const { webs, workers, database } = fleet;
    const counts = { webCount: webs.length, workerCount: workers.length };
    const random = seededRandom(seed);
    const plan = { random, durationMs: seconds * 1_000, ...counts };
    const blows = options.blows ?? planStorm(plan);
    const load = {
      webs,
      clientCount,
      tokenCount: options.tokenCount ?? { low: 50, high: 250 },
      deadlineMs: DEADLINE_MS,
    };
    const watch = new RegistryWatch(fleet);
    const crowd = new Crowd({ ...load, seed });
    const beganMs = performance.now();
    const outages = await dealBlows(fleet, blows, ({ kind, target, downMs }, isDealt) => {
      const at = ((performance.now() - beganMs) / 1_000).toFixed(1).padStart(6);
      tell(`${at} s  ${kind} ${target}, ${downMs} ms${isDealt ? "" : ": left in peace"}`);
    });
    await wait(Math.max(0, beganMs + seconds * 1_000 - performance.now()));
    await crowd.end();
    const settledMs = await untilSettled(fleet, watch, SETTLE_MS_MAX);
    const calm = await measureCalm(
      fleet,
      () => new Crowd({ ...load, seed: seed + clientCount, firstNumber: 100_000 }),
    );
    await watch.stop();
    const all = [...crowd.cases, ...calm.cases];
    const usage = await checkUsage(database.url, all, outages);
    return {
      ...{ blows, outages, cases: crowd.cases, calmCases: calm.cases, settledMs },
      usage: usage.sums,
      failovers: countLogLines(fleet, "worker passed over"),
      faults: [
        ...judgeCases(crowd.cases, outages, rules),
        ...judgeCases(calm.cases, [], rules),
        ...watch.faults,
        ...usage.faults,
        ...(settledMs > SETTLE_MS_MAX ? ["the fleet did not settle after the storm"] : []),
        ...calm.faults,
      ],
    };
  } finally {
    await fleet.stop();
  }
}

/** A round without a blow, in which clients, workers and records have to agree to the token. */
async function measureCalm(fleet: Fleet, begin: () => Crowd) {
  const count = async () => {
    const gauges = await Promise.all(fleet.workers.map(readGauges));
    return gauges.reduce((sum, it) => sum + it.completionTokens, 0);
  };
  const before = await count();
  const crowd = begin();
  await wait(CALM_MS);
  await crowd.end();
  const written = (await count()) - before;
  const received = crowd.cases
    .flatMap((it) => it.tries)
    .reduce((sum, it) => sum + it.tokenCount, 0);
  await wait(FLUSHED_MS);
  const faults =
    written === received
      ? []
      : [`in the calm workers wrote ${written} tokens, clients got ${received}`];
  return { cases: crowd.cases, faults };
}

function countLogLines(fleet: Fleet, words: string): number {
  return readdirSync(fleet.logFolder)
    .map((name) => readFileSync(join(fleet.logFolder, name), "utf8").split(words).length - 1)
    .reduce((sum, it) => sum + it, 0);
}
