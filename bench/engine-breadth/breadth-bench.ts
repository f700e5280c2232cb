import { resolve } from "node:path";
import { ownVersions } from "../engine/engine-bench";
import { peerVersions } from "../engine/install-peers";
import { Series } from "../engine/series";
import { describeMachine } from "../machine";
import { type BreadthLineup, openLineup } from "./lineup";
import type { BreadthOptions } from "./options";
import { reportLines } from "./report";

/** The whole run, whatever hangs. */
const RUN_MS_MAX = 3_600_000;

/** Measures what requests ask beyond text, prints the tables and returns what they were made of. */
export async function runBreadthBench(given: BreadthOptions): Promise<object> {
  const options = { ...given, folder: resolve(given.folder) };
  const machine = describeMachine();
  const signal = AbortSignal.timeout(RUN_MS_MAX);
  const startedAtMs = performance.now();
  const say = (line: string) => {
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
    process.stderr.write(`${seconds.padStart(5)} s  ${line}\n`);
  };
  const lineup = await openLineup(options, say, signal);
  try {
    const series = await measureRounds(lineup, options, say, signal);
    const { failures } = lineup;
    const versions = { ...ownVersions(), ...(options.hasPeers ? peerVersions() : {}) };
    for (const line of reportLines({ series, options, machine, versions, failures })) {
      console.log(line);
    }
    return {
      ...{ bench: "engine-breadth", options, machine, versions, answers: series.toJson() },
      failures: Object.fromEntries(failures),
    };
  } finally {
    lineup.close();
  }
}

/** Asks everyone everything, round by round, so that whoever shares the machine slows all of them alike. */
async function measureRounds(
  { cases, failures }: BreadthLineup,
  options: BreadthOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Series> {
  const series = new Series();
  const endMs = performance.now() + options.minutes * 60_000;
  for (let round = 0; round < options.roundCount; round++) {
    if (round > 0 && performance.now() > endMs) {
      say(`${options.minutes} minutes are over: ${round} rounds instead of ${options.roundCount}`);
      break;
    }
    for (const { key, subject, question } of cases) {
      const name = [key.part, key.who, key.detail ?? ""].join("  ").trimEnd();
      if (failures.has(name)) continue;
      say(`round ${round + 1} of ${options.roundCount}  ${name}`);
      try {
        series.add(key, await subject.ask(question(round), signal));
      } catch (error) {
        if (signal.aborted) throw error;
        // It is named below the tables and left out from here on; the others go on.
        failures.set(name, error instanceof Error ? error.message : String(error));
      }
    }
  }
  return series;
}
