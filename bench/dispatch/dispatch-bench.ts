import { POLICIES } from "@/lib/controller/policies/policies";
import type { DispatchAsk, PolicyCandidate } from "@/lib/controller/policies/policy";
import { PrefixMemory } from "@/lib/controller/policies/prefix-memory";
import { SessionMemory } from "@/lib/controller/policies/session-memory";
import { DISPATCH_POLICIES, type DispatchPolicy } from "@/lib/protocol/dispatch";
import { seededRandom } from "@/lib/util/random";
import { formatTable } from "../text-table";
import { drawMixed, type Simulation, simulate } from "./simulate";

const SEEDS = [1, 2, 3, 4, 5];
const UTILIZATIONS = [0.3, 0.6, 0.9];
const FLEET_SIZES = [4, 64];
const CHOICES = 20_000;
const WARM_UP = 2_000;

export type DispatchRow = {
  policy: DispatchPolicy;
  /** Means over the seeds, by utilization. */
  loads: { utilization: number; meanSeconds: number; p99Seconds: number; stayed: number }[];
  /** Microseconds of one choice among so many workers. */
  choiceUs: { workers: number; us: number }[];
};

export type DispatchBenchReport = { bench: "dispatch"; node: string; rows: DispatchRow[] };

/**
 * What each policy makes of a fleet of unequal workers, on paper (`simulate.ts`), and what a choice costs.
 * Prefix affinity is not simulated: on paper nobody reads prompts.
 */
export function runDispatchBench(): DispatchBenchReport {
  const rows = DISPATCH_POLICIES.map((policy) => ({
    ...{ policy, loads: policy === "prefix-affinity" ? [] : UTILIZATIONS.map(simulateAt(policy)) },
    choiceUs: FLEET_SIZES.map((workers) => ({ workers, us: timeChoice(policy, workers) })),
  }));
  console.log(
    "dispatch: 8 workers (speeds 1, 1, 2, 2, 2, 4, 4, 8), 16 slots each; 200 conversations; one answer of ten is long",
  );
  const head = [
    "policy",
    ...UTILIZATIONS.flatMap((it) => [`${it * 100} %: mean s`, "p99 s", "stayed"]),
    ...FLEET_SIZES.map((size) => `µs of ${size}`),
  ];
  const cells = rows.map(({ policy, loads, choiceUs }) => [
    policy,
    ...UTILIZATIONS.flatMap((_, index) => {
      const at = loads[index];
      if (at === undefined) return ["-", "-", "-"];
      const stayed = `${Math.round(at.stayed * 100)} %`;
      return [at.meanSeconds.toFixed(2), at.p99Seconds.toFixed(1), stayed];
    }),
    ...choiceUs.map(({ us }) => us.toFixed(1)),
  ]);
  for (const line of formatTable(head, cells, 1)) console.log(line);
  return { bench: "dispatch", node: process.version, rows };
}

const simulateAt = (policy: DispatchPolicy) => (utilization: number) => {
  const simulation: Omit<Simulation, "seed"> = {
    ...{ policy, utilization, requests: 6_000, drawAnswer: drawMixed, freeFirst: true },
    workers: [1, 1, 2, 2, 2, 4, 4, 8].map((speed) => ({ slots: 16, tokensPerSecond: 50 * speed })),
    drawSession: (random) => `conversation ${Math.floor(random() * 200)}`,
  };
  const results = SEEDS.map((seed) => simulate({ ...simulation, seed }));
  const mean = (of: "meanSeconds" | "p99Seconds" | "stayed") =>
    results.reduce((sum, it) => sum + it[of], 0) / results.length;
  const times = { meanSeconds: mean("meanSeconds"), p99Seconds: mean("p99Seconds") };
  return { utilization, ...times, stayed: mean("stayed") };
};

function timeChoice(policy: DispatchPolicy, count: number): number {
  const random = seededRandom(1);
  const all: PolicyCandidate[] = Array.from({ length: count }, (_, index) => {
    const load = Math.floor(random() * 8);
    const known = { slots: 16, load, outstandingTokens: load * 100, tokensPerSecond: 50 };
    return { id: `01a1fee6-8fa4-7836-87a7-5e53081215${index}`, ...known };
  });
  const memory = { sessions: new SessionMemory(), prefixes: new PrefixMemory() };
  const blocks = Array.from({ length: 16 }, (_, index) => index);
  const ask: DispatchAsk = { tokens: 200, session: () => "a conversation", prefix: () => blocks };
  const choose = () => POLICIES[policy]({ among: all, all, ask, memory, random });
  for (let index = 0; index < WARM_UP; index++) choose();
  const sinceMs = performance.now();
  for (let index = 0; index < CHOICES; index++) choose();
  return ((performance.now() - sinceMs) * 1_000) / CHOICES;
}
