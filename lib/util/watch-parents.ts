import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isAlive } from "./is-alive";

const LOOK_EVERY_MS = 500;
/** What npm says it runs: "start", "npx" and the like; undefined where npm runs nothing. */
// biome-ignore lint/style/noProcessEnv: who started this process is no setting.
const LIFECYCLE = process.env.npm_lifecycle_event;

/**
 * Calls `onGone` when whoever started us has died without a word. npm runs its scripts in a shell that
 * outlives an npm that was killed, so that npm itself is watched beside our own parent.
 */
export function watchParents(onGone: () => void): void {
  const parent = process.ppid;
  const npm = LIFECYCLE ? findNpm(parent) : undefined;
  const timer = setInterval(() => {
    const isOrphan = process.ppid !== parent || (npm !== undefined && !isAlive(npm));
    if (!isOrphan) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/**
 * Aborts when the `npx` that started this process is gone. It passes a SIGTERM on to its shell alone (npm 11,
 * dash), and ends: what it started would go on for ever, with nobody left to tell it to stop.
 */
export function untilNpxIsGone(): AbortSignal {
  const abort = new AbortController();
  if (LIFECYCLE === "npx") watchParents(() => abort.abort());
  return abort.signal;
}

/**
 * The npm above the shell of its script. Undefined where `parent` is no shell: bash and newer dashes put the
 * script in their own place, `parent` is npm, and above it stands who called npm and may leave.
 */
export function findNpm(parent: number): number | undefined {
  const shell = readProcess(parent);
  if (shell === undefined || !/sh$/.test(shell.name)) return undefined;
  return shell.parent > 1 ? shell.parent : undefined;
}

/** Undefined where the system does not tell. */
function readProcess(pid: number): { name: string; parent: number } | undefined {
  const stat = `/proc/${pid}/stat`;
  // The name stands in brackets and may hold anything; state and parent follow it.
  const found = existsSync(stat)
    ? /\((?<name>.*)\) \S+ (?<parent>\d+) /s.exec(readFileSync(stat, "utf8"))
    : /^\s*(?<parent>\d+)\s+(?<name>.*\S)/.exec(ask(["ps", "-o", "ppid=,comm=", "-p", `${pid}`]));
  const { name, parent } = found?.groups ?? {};
  return name === undefined ? undefined : { name, parent: Number(parent) };
}

function ask([command = "", ...words]: string[]): string {
  try {
    return execFileSync(command, words, { encoding: "utf8" });
  } catch {
    // No `ps`: only the direct parent is watched then.
    return "";
  }
}
