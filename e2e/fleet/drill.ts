import { wait } from "@/lib/util/wait";
import { freePort } from "../platform";
import { type Asked, ask, toQuestion } from "./ask";
import { Crowd } from "./crowd";
import { Fleet, type WebMember } from "./fleet";
import { judgeCases, type Rules } from "./judge";
import { Link } from "./link";
import { RegistryWatch } from "./registry-watch";
import type { Outage } from "./storm";
import { untilSettled } from "./until-settled";
import { checkUsage } from "./usage-check";

/** One thing that goes wrong, on purpose and under load, and what has to hold meanwhile. */
export type Drill = { name: string; run(scene: Scene): Promise<void> };

export type DrillOptions = {
  rules: Rules;
  clientCount: number;
  /** How long what is cut stays cut. */
  holdMs: number;
  logFolder?: string | undefined;
};

export type DrillReport = {
  name: string;
  faults: string[];
  /** What was measured, in milliseconds unless the words say otherwise. */
  notes: [string, number][];
  /** How clients fared: the longest wait for a first token, and the longest pause in an answer. */
  firstTokenMsMax: number;
  pauseMsMax: number;
  questionCount: number;
};

const DEADLINE_MS = 110_000;
const MINUTE_MS = 60_000;
const SETTLE_MS_MAX = 20_000;
const FLUSHED_MS = 2_000;
/** Of all drills together; each has questions of its own numbers. */
const NUMBERS_A_DRILL = 100_000;

/** What a drill works with. */
export class Scene {
  readonly notes: [string, number][] = [];
  readonly faults: string[] = [];
  readonly outages: Outage[];
  readonly holdMs: number;
  readonly fleet: Fleet;
  readonly watch: RegistryWatch;
  /** The way from web 1 to worker 1; others reach the worker directly. */
  readonly webToWorker: Link;
  #number: number;

  constructor(parts: {
    fleet: Fleet;
    watch: RegistryWatch;
    webToWorker: Link;
    holdMs: number;
    outages: Outage[];
    firstNumber: number;
  }) {
    this.fleet = parts.fleet;
    this.watch = parts.watch;
    this.webToWorker = parts.webToWorker;
    this.holdMs = parts.holdMs;
    this.outages = parts.outages;
    this.#number = parts.firstNumber + NUMBERS_A_DRILL / 2;
  }

  note(what: string, value: number): void {
    this.notes.push([what, Math.round(value)]);
  }

  expect(isSo: boolean, sentence: string): void {
    if (!isSo) this.faults.push(sentence);
  }

  /** While `run` is under way `target` is not whole, as clients may see. */
  async outage(
    { target, kind }: Pick<Outage, "target" | "kind">,
    run: () => Promise<void>,
  ): Promise<void> {
    const outage = { target, kind, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    await run();
    outage.untilMs = performance.now();
  }

  /** One short answer from one web process. */
  async ask(web: WebMember, tokenCount = 5): Promise<Asked> {
    return await ask(web.url, toQuestion(this.#number++, tokenCount), DEADLINE_MS);
  }

  /** Milliseconds until `isSo` says so, at most `msMax`. */
  async until(isSo: () => Promise<boolean> | boolean, msMax: number): Promise<number> {
    const beganMs = performance.now();
    while (performance.now() - beganMs < msMax && !(await isSo())) await wait(50);
    return performance.now() - beganMs;
  }
}

/**
 * Runs drills one after another on one fleet, whose clocks are a minute apart: web 1 is ahead, worker 2
 * behind. Worker 1 beats at web 1 alone.
 */
export async function runDrills(
  drills: readonly Drill[],
  options: DrillOptions,
  tell: (line: string) => void,
): Promise<DrillReport[]> {
  const { fleet, webToWorker } = await openFleet(options.logFolder);
  const outages: Outage[] = [];
  const reports: DrillReport[] = [];
  try {
    await fleet.start();
    const watch = new RegistryWatch(fleet);
    for (const [index, drill] of drills.entries()) {
      tell(`${drill.name} …`);
      const firstNumber = index * NUMBERS_A_DRILL;
      const parts = { fleet, watch, webToWorker, outages, firstNumber, holdMs: options.holdMs };
      const report = await runDrill(drill, new Scene(parts), options, firstNumber);
      reports.push(report);
      tell(`${drill.name}: ${report.faults.length === 0 ? "held" : report.faults.join("; ")}`);
    }
    await watch.stop();
    return reports;
  } finally {
    webToWorker.close();
    await fleet.stop();
  }
}

async function openFleet(logFolder: string | undefined) {
  const workerPort = await freePort();
  const webToWorker = new Link(() => [{ host: "127.0.0.1", port: workerPort }]);
  await webToWorker.open();
  const fleet = new Fleet({
    logFolder,
    workerPorts: [workerPort],
    webOfWorker: (index) => (index === 0 ? 0 : undefined),
    reroutesOfWeb: (index) => (index === 0 ? { [workerPort]: webToWorker.port } : {}),
    webClockShiftMs: (index) => (index === 0 ? MINUTE_MS : 0),
    workerClockShiftMs: (index) => (index === 1 ? -MINUTE_MS : 0),
  });
  return { fleet, webToWorker };
}

async function runDrill(
  drill: Drill,
  scene: Scene,
  { rules, clientCount }: DrillOptions,
  firstNumber: number,
): Promise<DrillReport> {
  const { fleet, watch, outages } = scene;
  const load = { webs: fleet.webs, clientCount, tokenCount: { low: 30, high: 150 } };
  const crowd = new Crowd({ ...load, seed: firstNumber, firstNumber, deadlineMs: DEADLINE_MS });
  try {
    await wait(1_000);
    await drill.run(scene);
  } finally {
    await crowd.end();
  }
  const settledMs = await untilSettled(fleet, watch, SETTLE_MS_MAX);
  await wait(FLUSHED_MS);
  const usage = await checkUsage(fleet.database.url, crowd.cases, outages);
  const tries = crowd.cases.flatMap((it) => it.tries);
  const firsts = tries.flatMap((it) => (it.arrivalsMs[0] ?? it.startedMs) - it.startedMs);
  const faults = [
    ...scene.faults,
    ...judgeCases(crowd.cases, outages, rules),
    ...usage.faults,
    ...watch.faults,
    ...(settledMs > SETTLE_MS_MAX ? ["the fleet did not settle"] : []),
  ];
  // Each drill tells of its own.
  watch.faults.clear();
  return {
    ...{ name: drill.name, faults, notes: scene.notes, questionCount: crowd.cases.length },
    firstTokenMsMax: Math.max(...firsts),
    pauseMsMax: Math.max(...tries.map((it) => it.longestPauseMs)),
  };
}
