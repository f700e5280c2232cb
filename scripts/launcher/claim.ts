import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "@/lib/util/start-error";
// Plain JavaScript, since the file that starts before anything is built needs it too.
// @ts-expect-error: has no types
import { findRunning } from "../running.mjs";

/** What others may know of a running platform: `npx parley`, and tests that kill parts of it. */
export type RunningFacts = {
  url?: string;
  databaseUrl?: string;
  /** Name → process id. */
  children?: Record<string, number>;
};

export type Claim = {
  /** Writes down what is new; the rest stays. */
  update(facts: RunningFacts): void;
  release(): void;
};

/** Takes a data folder for this launcher. */
export function claimDataDir(dataDir: string): Claim {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // The shape that `update` below writes.
  const running = findRunning(dataDir) as { pid: number; url?: string } | undefined;
  if (running) {
    throw new StartError({
      message: `Parley already runs on ${dataDir}${running.url ? ` at ${running.url}` : ""} (process ${running.pid}).`,
      remedy: "Stop it, or set PARLEY_DATA_DIR and PORT for a second one.",
    });
  }
  const path = join(dataDir, "running.json");
  const known: RunningFacts = {};
  const update = (facts: RunningFacts) => {
    Object.assign(known, facts);
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ pid: process.pid, ...known }), { mode: 0o600 });
    renameSync(draft, path);
  };
  update({});
  return { update, release: () => rmSync(path, { force: true }) };
}
