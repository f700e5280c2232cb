import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "@/lib/util/start-error";
// Plain JavaScript, since the file that starts before anything is built needs it too.
// @ts-expect-error: has no types
import { findRunning } from "../running.mjs";

export type Claim = {
  /** Adds what is known of the running platform, for `npx parley` to find. */
  update(facts: { url: string; databaseUrl: string }): void;
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
  const write = (facts: object) => {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ pid: process.pid, ...facts }), { mode: 0o600 });
    renameSync(draft, path);
  };
  write({});
  return { update: write, release: () => rmSync(path, { force: true }) };
}
