import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Of a process, in MiB: now, and at most since it began; undefined where the system does not tell. */
export function readMemory(pid: number): { nowMib: number; peakMib: number } | undefined {
  try {
    return parseMemory(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    // Not Linux: the goals of memory are left open.
    return undefined;
  }
}

export function parseMemory(status: string): { nowMib: number; peakMib: number } | undefined {
  const now = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  if (now === undefined || peak === undefined) return undefined;
  return { nowMib: Number(now) / 1_024, peakMib: Number(peak) / 1_024 };
}

export type Pinning = { gateway: string; others: string };

/**
 * Gives what is measured a core of its own and the rest to all others, with all their threads and
 * children. Undefined where that cannot be had: one core, or no taskset.
 */
export function pinOthers(): Pinning | undefined {
  const cores = availableParallelism();
  if (cores < 2) return undefined;
  const pinning = { gateway: "0", others: cores === 2 ? "1" : `1-${cores - 1}` };
  return pin(process.pid, pinning.others) ? pinning : undefined;
}

export function pinGateway(pid: number, pinning: Pinning | undefined): void {
  if (pinning) pin(pid, pinning.gateway);
}

function pin(pid: number, cores: string): boolean {
  try {
    execFileSync("taskset", ["-a", "-c", "-p", cores, String(pid)], { stdio: "ignore" });
    return true;
  } catch {
    // No taskset, or cores that this user may not have.
    return false;
  }
}
