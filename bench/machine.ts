import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from "node:os";

/** What a figure was measured on. Figures of two machines are not compared, ratios may be. */
export type Machine = {
  cpu: string;
  cores: number;
  /** The instruction sets that matter to matrix products; empty where the system does not tell. */
  instructionSets: string[];
  memoryGib: number;
  system: string;
  node: string;
  loadAverage: number;
};

/** By the names of /proc/cpuinfo: those of x86, then those of Arm. */
const INSTRUCTION_SETS = [
  ...["avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni", "avx512_bf16"],
  ...["amx_int8", "amx_bf16", "asimddp", "i8mm", "bf16", "sve", "sve2"],
];

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    instructionSets: readInstructionSets(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    node: process.version,
    loadAverage: loadavg()[0] ?? 0,
  };
}

/** The lines that stand above a table. */
export function machineLines(machine: Machine): string[] {
  const sets = machine.instructionSets;
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}, load before ${machine.loadAverage.toFixed(2)}`,
    `instruction sets: ${sets.length > 0 ? sets.join(" ") : "unknown"}`,
    // Whoever else took part of the cores slowed all rows alike: they compare, their figures do not travel.
    ...(machine.loadAverage > machine.cores / 2
      ? ["The machine was busy: compare rows, not runs."]
      : []),
  ];
}

function readInstructionSets(): string[] {
  try {
    return parseInstructionSets(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    // Not Linux: the table says "unknown".
    return [];
  }
}

export function parseInstructionSets(cpuinfo: string): string[] {
  const line = cpuinfo.split("\n").find((it) => /^(flags|Features)\s*:/.test(it)) ?? "";
  const flags = new Set(line.split(/\s+/));
  return INSTRUCTION_SETS.filter((name) => flags.has(name));
}
