import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChaosReport, runChaos } from "@/e2e/fleet/chaos";
import { toCount } from "./flag-values";
import { percentile } from "./load";
import { formatTable } from "./text-table";

/** A fleet of real processes under load, in which they are ended and frozen at random: `npm run bench -- chaos`. */
export const CHAOS_OPTIONS = {
  seconds: { type: "string", default: "120" },
  clients: { type: "string", default: "64" },
  seed: { type: "string" },
  json: { type: "boolean" },
} as const;

type ChaosFlags = { seconds: string; clients: string; seed?: string | undefined };

const SEED_MAX = 1_000_000;
const SECONDS_MAX = 3_600;
const CLIENTS_MAX = 1_024;
export type ChaosSummary = { bench: "chaos"; seed: number; isSound: boolean; faults: string[] };

export async function runChaosBench(flags: ChaosFlags): Promise<ChaosSummary> {
  const drawn = 1 + Math.floor(Math.random() * SEED_MAX);
  const seed = flags.seed === undefined ? drawn : toCount("seed", flags.seed, SEED_MAX);
  const seconds = toCount("seconds", flags.seconds, SECONDS_MAX);
  const clientCount = toCount("clients", flags.clients, CLIENTS_MAX);
  console.log(`chaos: seed ${seed}, ${seconds} s, ${clientCount} clients`);
  const rules = { resumes: true };
  const logFolder = mkdtempSync(join(tmpdir(), "parley-chaos-"));
  const report = await runChaos({ seed, seconds, clientCount, rules, logFolder }, (line) =>
    console.log(line),
  );
  for (const line of describe(report)) console.log(line);
  const { faults } = report;
  for (const line of countFaults(faults)) console.log(`  ${line}`);
  const words = faults.length === 0 ? "every promise was kept" : `${faults.length} faults`;
  console.log(`seed ${seed}: ${words}; what the processes said is in ${logFolder}`);
  return { bench: "chaos", seed, isSound: faults.length === 0, faults };
}

function describe(report: ChaosReport): string[] {
  const tries = report.cases.flatMap((it) => it.tries);
  const endings = countBy(tries.map(({ ending }) => nameEnding(ending)));
  const blows = countBy(
    report.blows.map(({ kind, target }) => `${kind} ${target.replace(/ \d+$/, "")}`),
  );
  const { received, recorded, unwritten } = report.usage;
  const facts: [string, number][] = [
    ["questions", report.cases.length],
    ["of which answered whole", report.cases.filter(isWhole).length],
    ["tries", tries.length],
    ["workers passed over before a first token", report.failovers],
    ["answers that another worker went on with", tries.filter((it) => it.resumptions > 0).length],
    ["tokens that clients received", received],
    ["tokens recorded", recorded],
    [
      "received and not recorded: last moments of web processes, and all since the database left them",
      unwritten,
    ],
    ["milliseconds until all was settled", Math.round(report.settledMs)],
  ];
  return [
    ...["", ...formatTable(["blow", "count"], toRows(blows))],
    ...["", ...formatTable(["try ended", "count"], toRows(endings))],
    ...["", ...formatTable(["what", "count"], toRows(facts))],
    ...["", ...formatTable(["ms", "p50", "p90", "p99", "most"], toLatencies(report)), ""],
  ];
}

function isWhole({ tries }: ChaosReport["cases"][number]): boolean {
  return tries.at(-1)?.ending.kind === "complete";
}

function nameEnding(ending: ChaosReport["cases"][number]["tries"][number]["ending"]): string {
  if ("status" in ending) return `${ending.kind} ${ending.status} ${ending.code}`;
  return "code" in ending ? `${ending.kind} ${ending.code}` : ending.kind;
}

function toLatencies({ cases, calmCases }: ChaosReport): string[][] {
  const rows = [
    { name: "storm", tries: cases.flatMap((it) => it.tries) },
    { name: "calm", tries: calmCases.flatMap((it) => it.tries) },
  ];
  return rows.flatMap(({ name, tries }) => {
    const begun = tries.filter((it) => it.arrivalsMs.length > 0);
    const firsts = begun.map((it) => (it.arrivalsMs[0] ?? 0) - it.startedMs);
    const pauses = begun.map((it) => it.longestPauseMs);
    return [
      [`${name}: to the first token`, ...toPercentiles(firsts)],
      [`${name}: longest pause of an answer`, ...toPercentiles(pauses)],
    ];
  });
}

function toPercentiles(values: readonly number[]): string[] {
  return [0.5, 0.9, 0.99, 1].map((share) => percentile(values, share).toFixed(0));
}

function countBy(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}

function toRows(counts: readonly [string, number][]): string[][] {
  return counts.map(([name, count]) => [name, String(count)]);
}

/** One line for all faults that differ in nothing but numbers: how many, and the first of them. */
export function countFaults(faults: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const fault of faults) {
    const kind = fault.replace(/\d+/g, "#");
    groups.set(kind, [...(groups.get(kind) ?? []), fault]);
  }
  return [...groups.values()].map((group) => `${group.length} × ${group[0]}`);
}
