import { readFileSync } from "node:fs";

/**
 * Whether a process runs. One that has ended and that its parent has not taken note of yet keeps its id
 * (a zombie) and may do so for ever: in a container whose first process takes no note of orphans.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const state = processState(pid);
  return state !== "Z" && state !== "X";
}

/** The letter of proc(5): "R" runs, "S" sleeps, "D" waits for a disk, "Z" has ended. Undefined where the system does not tell. */
export function processState(pid: number): string | undefined {
  return readStat(pid)?.state;
}

/** The program's name, cut to 15 bytes. Undefined where the system does not tell. */
export function processName(pid: number): string | undefined {
  return readStat(pid)?.name;
}

function readStat(pid: number): { name: string; state: string | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // No such process any more, or no /proc on this system.
    return undefined;
  }
  // The name stands in brackets and may hold anything, brackets included.
  const end = text.lastIndexOf(")");
  return { name: text.slice(text.indexOf("(") + 1, end), state: text.slice(end + 2).split(" ")[0] };
}
