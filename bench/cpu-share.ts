import { readFileSync } from "node:fs";

export type CpuShare = {
  wallMs: number;
  /** Cores that this process kept busy, all its threads together. */
  ownCores: number;
  /** Cores that everybody else kept busy; undefined where the system does not tell. */
  otherCores: number | undefined;
};

/** As figures of an answer; what the system does not tell is left out. */
export function toCores({ ownCores, otherCores }: CpuShare): Record<string, number> {
  return otherCores === undefined ? { ownCores } : { ownCores, otherCores };
}

/** Starts to count; the function returned says what was used since. */
export function countCpu(): () => CpuShare {
  const startedAtMs = performance.now();
  const usage = process.cpuUsage();
  const busyMs = readBusyMs();
  return () => {
    const wallMs = performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(usage);
    const ownMs = (user + system) / 1_000;
    const nowBusyMs = readBusyMs();
    const othersMs =
      busyMs === undefined || nowBusyMs === undefined ? undefined : nowBusyMs - busyMs - ownMs;
    return {
      wallMs,
      ownCores: ownMs / wallMs,
      otherCores: othersMs === undefined ? undefined : Math.max(0, othersMs / wallMs),
    };
  };
}

/** A tick of /proc/stat in milliseconds: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/** What all cores together have worked since the machine started, without idle time and waits. */
function readBusyMs(): number | undefined {
  try {
    return parseBusyMs(readFileSync("/proc/stat", "utf8"));
  } catch {
    // Not Linux: the figures are printed without it.
    return undefined;
  }
}

/** Reads proc(5): user, nice, system, idle, iowait, irq, softirq, steal. */
export function parseBusyMs(stat: string): number | undefined {
  const line = stat.split("\n").find((it) => it.startsWith("cpu "));
  if (line === undefined) return undefined;
  const ticks = line.trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks;
  return (user + nice + system + irq + softirq) * TICK_MS;
}
