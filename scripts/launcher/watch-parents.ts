import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isAlive } from "@/lib/util/is-alive";

const LOOK_EVERY_MS = 500;

/**
 * Calls `onGone` when whoever started us has died without a word. npm runs its scripts in a shell that
 * outlives an npm that was killed, so that npm itself is watched beside our own parent.
 */
export function watchParents(onGone: () => void): void {
  const parent = process.ppid;
  const npm = process.env.npm_lifecycle_event ? parentOf(parent) : undefined;
  const timer = setInterval(() => {
    const isOrphan = process.ppid !== parent || (npm !== undefined && !isAlive(npm));
    if (!isOrphan) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** Undefined where the system does not tell, or where there is nobody but the first process. */
function parentOf(pid: number): number | undefined {
  const stat = `/proc/${pid}/stat`;
  // The program's name stands in brackets and may hold anything; state and parent follow it.
  const text = existsSync(stat)
    ? readFileSync(stat, "utf8").split(") ").at(-1)?.split(" ")[1]
    : ask(["ps", "-o", "ppid=", "-p", String(pid)]);
  const parent = Number(text);
  return parent > 1 ? parent : undefined;
}

function ask([command = "", ...words]: string[]): string | undefined {
  try {
    return execFileSync(command, words, { encoding: "utf8" });
  } catch {
    // No `ps`: only the direct parent is watched then.
    return undefined;
  }
}
