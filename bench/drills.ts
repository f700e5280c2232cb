import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DrillReport, runDrills } from "@/e2e/fleet/drill";
import { DRILLS } from "@/e2e/fleet/drills";
import { countFaults } from "./chaos";
import { toCount } from "./flag-values";
import { formatTable } from "./text-table";

/** One fault after another on a fleet of real processes, each with what clients saw of it. */
export const DRILL_OPTIONS = {
  hold: { type: "string", default: "30" },
  clients: { type: "string", default: "24" },
  only: { type: "string" },
  json: { type: "boolean" },
} as const;

type DrillFlags = { hold: string; clients: string; only?: string | undefined };

const HOLD_SECONDS_MAX = 600;
const CLIENTS_MAX = 1_024;

export type DrillSummary = { bench: "drills"; isSound: boolean; drills: DrillReport[] };

export async function runDrillBench(flags: DrillFlags): Promise<DrillSummary> {
  const holdMs = toCount("hold", flags.hold, HOLD_SECONDS_MAX) * 1_000;
  const clientCount = toCount("clients", flags.clients, CLIENTS_MAX);
  const wanted = flags.only?.split(",");
  const drills = DRILLS.filter(({ name }) => wanted === undefined || wanted.includes(name));
  if (drills.length === 0) {
    throw new Error(`--only takes ${DRILLS.map((it) => it.name).join(", ")}; got "${flags.only}".`);
  }
  const logFolder = mkdtempSync(join(tmpdir(), "parley-drills-"));
  const options = { rules: { resumes: true }, clientCount, holdMs, logFolder };
  const reports = await runDrills(drills, options, (line) => console.log(line));
  for (const line of describe(reports)) console.log(line);
  console.log(`what the processes said is in ${logFolder}`);
  const isSound = reports.every((it) => it.faults.length === 0);
  return { bench: "drills", isSound, drills: reports };
}

function describe(reports: readonly DrillReport[]): string[] {
  const rows = reports.map(({ name, faults, questionCount, firstTokenMsMax, pauseMsMax }) => [
    ...[name, String(faults.length), String(questionCount)],
    ...[firstTokenMsMax.toFixed(0), pauseMsMax.toFixed(0)],
  ]);
  const head = ["drill", "faults", "questions", "first token, most ms", "pause, most ms"];
  const notes = reports.flatMap(({ name, notes }) =>
    notes.map(([what, value]) => [`${name}: ${what}`, String(value)]),
  );
  const faults = reports.flatMap(({ name, faults }) =>
    countFaults(faults).map((line) => `${name}: ${line}`),
  );
  return [
    ...["", ...formatTable(head, rows)],
    ...["", ...formatTable(["note", "ms"], notes)],
    ...["", ...faults, ""],
  ];
}
