import { readFileSync } from "node:fs";

/** A tick in milliseconds: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/** What a process has worked, all its threads together, in milliseconds; undefined where the system does not tell. */
export function readCpuMs(pid: number): number | undefined {
  try {
    return parseCpuMs(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // No Linux, or no such process any more.
    return undefined;
  }
}

/** Of proc(5)'s stat: utime and stime. The second field is a name in brackets, which may hold anything. */
export function parseCpuMs(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
}
