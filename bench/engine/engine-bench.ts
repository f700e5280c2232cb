import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeMachine } from "../machine";
import { ROOT } from "../root";
import { peerVersions } from "./install-peers";
import { openLineup } from "./lineup";
import type { EngineBenchOptions } from "./options";
import { reportLines } from "./report";
import { measureRounds } from "./rounds";
import { measureThroughV1 } from "./through-v1";

/** The whole run, whatever hangs. */
const RUN_MS_MAX = 3_600_000;

/** Measures our engine and its peers, prints the tables and returns what they were made of. */
export async function runEngineBench(given: EngineBenchOptions): Promise<object> {
  const options = { ...given, folder: resolve(given.folder) };
  const machine = describeMachine();
  const signal = AbortSignal.timeout(RUN_MS_MAX);
  // Sixteen streams listen to it at once, which is more than Node takes for intended.
  setMaxListeners(0, signal);
  const startedAtMs = performance.now();
  const say = (line: string) => {
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
    process.stderr.write(`${seconds.padStart(5)} s  ${line}\n`);
  };
  const lineup = await openLineup(options, say, signal);
  try {
    const series = await measureRounds(lineup, options, say, signal);
    await measureThroughV1({ lineup, options, series, say, signal });
    const entrants = lineup.competitors;
    const { failures } = lineup;
    const versions = { ...ownVersions(), ...(options.peers.length > 0 ? peerVersions() : {}) };
    const input = { series, entrants, model: options.model, machine, options, versions, failures };
    for (const line of reportLines(input)) console.log(line);
    return {
      ...{ bench: "engine", options, machine, versions, answers: series.toJson() },
      failures: Object.fromEntries(failures),
    };
  } finally {
    lineup.close();
  }
}

/** Of the packages of ours that decide its speed. */
export function ownVersions(): Record<string, string> {
  // Our own file, whose dependencies are exact versions.
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return { "onnxruntime-node": dependencies["onnxruntime-node"] ?? "unknown" };
}
