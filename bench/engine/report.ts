import { type Machine, machineLines } from "../machine";
import { formatTable } from "../text-table";
import { type GoalInput, limitOf, memoryRate, percent, times, toGoals } from "./goals";
import type { EngineBenchOptions } from "./options";
import { SAMPLING_KINDS } from "./question";
import { CONTEXT_LENGTH, FULL_BATCH, OVERHEAD_BATCH, PREFILL_TOKENS } from "./rounds";

export type ReportInput = GoalInput & {
  machine: Machine;
  options: EngineBenchOptions;
  /** Packages by version. */
  versions: Record<string, string>;
  failures: ReadonlyMap<string, string>;
};

/** All that is printed, line by line. */
export function reportLines(input: ReportInput): string[] {
  const { machine, options, versions, failures, series } = input;
  const { way, rate } = memoryRate(series);
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `engine: ${options.model} with random weights, ${options.threadCount} threads, context ${CONTEXT_LENGTH} at the start of a decode, medians of ${series.values({ part: "memory", who: "all cores" }, way).length} round(s)`,
    ...machineLines(machine),
    named.join(", "),
    `memory: ${gigabytes(rate)} GB/s read by all cores (best of three ways: ${way})`,
    ...section("Decode", decodeTable(input)),
    ...section(`Prefill of ${PREFILL_TOKENS} tokens, cold`, prefillTable(input)),
    ...section(`Inside a step, ${OVERHEAD_BATCH} sequences`, overheadTable(input)),
    ...section(`At full load, ${FULL_BATCH} sequences`, loadTable(input)),
    ...section("Goals", goalTable(input)),
    ...shareWarnings(input),
    ...[...failures].map(([name, reason]) => `${name} was not measured: ${reason}`),
    "",
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 1 ? ["", title, ...lines.map((line) => `  ${line}`)] : [];
}

function decodeTable(input: ReportInput): string[] {
  const { series, options, entrants } = input;
  const llamas = entrants.filter((it) => it.kind === "llama").map((it) => it.name);
  const rows = options.batches.flatMap((batch) => {
    const peer = series.best(llamas, "decode", SPEED, batch)?.value ?? Number.NaN;
    return entrants.flatMap(({ name, stored }) => {
      const key = { part: "decode", who: name, detail: batch };
      const speeds = series.values(key, SPEED);
      if (speeds.length === 0) return [];
      const speed = series.median(key, SPEED);
      const one = series.median({ ...key, detail: 1 }, SPEED);
      return [
        [
          String(batch),
          name,
          speed.toFixed(1),
          `${Math.min(...speeds).toFixed(0)}–${Math.max(...speeds).toFixed(0)}`,
          series.median(key, "meanTokensPerSecond").toFixed(1),
          series.median(key, "stepMs").toFixed(1),
          times(speed / peer),
          times(speed / one),
          percent(speed / limitOf(input, stored, batch)),
          series.median(key, "ownCores").toFixed(2),
        ],
      ];
    });
  });
  return formatTable(
    [
      ...["sequences", "who", "tokens/s", "min–max", "by the mean", "step ms", "× best llama"],
      ...["× own at 1", "of memory limit", "own cores"],
    ],
    rows,
    2,
  );
}

function prefillTable({ series, entrants }: ReportInput): string[] {
  const llamas = entrants.filter((it) => it.kind === "llama").map((it) => it.name);
  const peer = series.best(llamas, "prefill", SPEED)?.value ?? Number.NaN;
  const rows = entrants.flatMap(({ name }) => {
    const key = { part: "prefill", who: name };
    const speed = series.median(key, SPEED);
    if (Number.isNaN(speed)) return [];
    const firstTokenMs = series.median(key, "firstTokenMs");
    const cores = series.median(key, "ownCores");
    return [
      [name, speed.toFixed(0), firstTokenMs.toFixed(0), times(speed / peer), cores.toFixed(2)],
    ];
  });
  return formatTable(["who", "tokens/s", "first token ms", "× best llama", "own cores"], rows);
}

function overheadTable({ series, entrants }: ReportInput): string[] {
  const rows = entrants.flatMap(({ name }) =>
    SAMPLING_KINDS.flatMap((detail) => {
      const key = { part: "overhead", who: name, detail };
      const share = series.median(key, "scriptShare");
      if (Number.isNaN(share)) return [];
      const outside = series.median(key, "outsidePassShare");
      const stepMs = series.median(key, "stepMs");
      return [[`${name}, ${detail}`, stepMs.toFixed(1), percent(share), percent(outside)]];
    }),
  );
  return formatTable(["requests", "step ms", "JavaScript", "outside the pass"], rows);
}

function loadTable({ series, entrants }: ReportInput): string[] {
  const rows = entrants.flatMap(({ name }) => {
    const latency = (field: string) => series.median({ part: "latency", who: name }, field);
    const stack = (detail: string, field: string) =>
      series.median({ part: "v1", who: name, detail }, field);
    const lines: [string, number, string][] = [
      ["timer of the engine's thread late, median", latency("timerMsP50"), "ms"],
      ["the same, 99th percentile", latency("timerMsP99"), "ms"],
      ["the same, latest", latency("timerMsMax"), "ms"],
      ["abort until the slot is free, median", latency("abortMsP50"), "ms"],
      ["the same, longest", latency("abortMsMax"), "ms"],
      ["engine alone", stack("engine", SPEED), "tokens/s"],
      ["through /v1", stack("/v1", SPEED), "tokens/s"],
      ["worker's answer to a health check, median", stack("/v1", "healthMsP50"), "ms"],
      ["the same, longest", stack("/v1", "healthMsMax"), "ms"],
      ["abort through /v1 until the slot is free", stack("/v1", "abortMs"), "ms"],
      ["load generator", stack("/v1", "clientCores"), "cores"],
    ];
    return lines
      .filter(([, value]) => !Number.isNaN(value))
      .map(([what, value, unit]) => [`${name}: ${what}`, value.toFixed(value < 10 ? 2 : 1), unit]);
  });
  return formatTable(["what", "figure", "unit"], rows);
}

function goalTable(input: ReportInput): string[] {
  const rows = toGoals(input).map(({ text, measured, wanted, isMet }) => [
    text,
    measured,
    wanted,
    isMet === undefined ? "–" : isMet ? "met" : "missed",
  ]);
  return formatTable(["goal", "measured", "wanted", ""], rows, 4);
}

/** A process that did not get its cores was measured against the neighbours, not against the peers. */
function shareWarnings({ series, entrants, options }: ReportInput): string[] {
  const starved = entrants.flatMap(({ name }) =>
    options.batches
      .filter((detail) => {
        const cores = series.median({ part: "decode", who: name, detail }, "ownCores");
        return cores < options.threadCount * 0.9;
      })
      .map((batch) => `${name} at ${batch}`),
  );
  if (starved.length === 0) return [];
  return [
    "",
    `Warning: less than 90 % of ${options.threadCount} cores were its own for ${starved.join(", ")}: others worked on this machine, or it could not use them.`,
  ];
}

const SPEED = "tokensPerSecond";

function gigabytes(rate: number): string {
  return (rate / 1e9).toFixed(1);
}
