import { percent, times } from "../engine/goals";
import { DRAW_KINDS } from "../engine/question";
import type { Series, SeriesKey } from "../engine/series";
import { type Machine, machineLines } from "../machine";
import { formatTable } from "../text-table";
import { toGoals } from "./goals";
import { BATCH, CONTEXT_LENGTH, WEIGHT_FORM, WHO } from "./lineup";
import type { BreadthOptions } from "./options";
import { areSameVectors } from "./probe";
import { VOCABULARY_SIZE } from "./vocabulary";

const OWN_SHARE_MIN = 0.8;

export type ReportInput = {
  series: Series;
  options: BreadthOptions;
  machine: Machine;
  /** Packages by version. */
  versions: Record<string, string>;
  failures: ReadonlyMap<string, string>;
};

/** All that is printed, line by line. */
export function reportLines(input: ReportInput): string[] {
  const { machine, options, versions, failures, series } = input;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `engine-breadth: ${options.threadCount} threads, medians of up to ${options.roundCount} round(s)`,
    ...machineLines(machine),
    named.join(", "),
    ...section(`A token under a schema's mask, ${VOCABULARY_SIZE} tokens`, tokenTable(series)),
    ...section("Compiling the schema", compileTable(series)),
    ...section(`A decoding step, ${options.model} ${WEIGHT_FORM}`, stepTable(series)),
    ...section(
      `Embeddings, BERT-base in single precision, ${options.textCount} texts`,
      embeddingTable(series),
    ),
    ...section(
      `Graph forms, ${options.model} ${WEIGHT_FORM}, ${BATCH} sequences from ${CONTEXT_LENGTH} tokens on`,
      formTable(series),
    ),
    ...section("Goals", goalTable(series)),
    ...vectorWarning(series),
    ...shareWarning(input),
    ...[...failures].map(([name, reason]) => `${name} was not measured: ${reason}`),
    "",
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 1 ? ["", title, ...lines.map((line) => `  ${line}`)] : [];
}

/** Cells of the fields' medians; nothing where there was no answer. */
function cells(
  series: Series,
  key: SeriesKey,
  fields: readonly string[],
  digits: number,
): string[] {
  if (series.values(key, fields[0] ?? "").length === 0) return [];
  return fields.map((field) => series.median(key, field).toFixed(digits));
}

function tokenTable(series: Series): string[] {
  const rows = DRAW_KINDS.flatMap((detail) => {
    const key = { part: "tokens", who: WHO.grammar, detail };
    const us = [
      ...["plainUs", "maskedUs", "maskedUsP99", "threadUs", "threadUsP99"],
      ...["addedUsMean", "addedUs", "addedUsP99"],
    ];
    const row = cells(series, key, us, 1);
    if (row.length === 0) return [];
    const strict = percent(series.median(key, "strictShare"));
    return [
      [detail, strict, ...row, ...cells(series, key, ["maskMsP50", "maskMsP99", "maskMsMax"], 2)],
    ];
  });
  return formatTable(
    [
      ...[
        "draw",
        "half forbidden",
        "plain µs",
        "masked µs",
        "p99",
        "accept and hand-over µs",
        "p99",
      ],
      ...["added, mean µs", "added, median µs", "p99", "next mask after ms", "p99", "longest"],
    ],
    rows,
  );
}

function compileTable(series: Series): string[] {
  const fields = {
    firstMs: "the first of a model, with the grammars' thread and the vocabulary",
    firstThreadMs: "of that, the engine's thread",
    freshMs: "a further schema, the longest of three",
    cachedMs: "from the cache",
  };
  const rows = Object.entries(fields).flatMap(([field, text]) => {
    const row = cells(series, { part: "compile", who: WHO.grammar }, [field], 2);
    return row.length === 0 ? [] : [[text, ...row]];
  });
  return formatTable(["what", "ms"], rows);
}

function stepTable(series: Series): string[] {
  const rows = [1, BATCH].flatMap((detail) => {
    const of = (part: string, field: string) =>
      series.median({ part, who: WHO.inPlace, detail }, field);
    const [free, held] = [of("free", "stepMs"), of("constrained", "stepMs")];
    if (Number.isNaN(free) || Number.isNaN(held)) return [];
    const added = ((held - free) * 1_000) / detail;
    return [
      [
        String(detail),
        ...[free.toFixed(2), held.toFixed(2), added.toFixed(0), times(held / free)],
        percent(of("free", "scriptShare")),
        percent(of("constrained", "scriptShare")),
      ],
    ];
  });
  return formatTable(
    [
      ...["sequences", "free ms", "under a schema ms", "added a row µs", "× free"],
      ...["JavaScript, free", "under a schema"],
    ],
    rows,
  );
}

function embeddingTable(series: Series): string[] {
  const speed = (who: string) => series.median({ part: "embeddings", who }, "textsPerSecond");
  const rows = [WHO.encoder, WHO.transformers].flatMap((who) => {
    const row = cells(series, { part: "embeddings", who }, ["textsPerSecond", "seconds"], 1);
    if (row.length === 0) return [];
    const cores = series.median({ part: "embeddings", who }, "ownCores");
    // Waiting for one's turn on a busy machine is not in it.
    const coreMs = (cores / speed(who)) * 1_000;
    const ratio = times(speed(who) / speed(WHO.transformers));
    return [[who, ...row, ratio, cores.toFixed(2), coreMs.toFixed(1)]];
  });
  return formatTable(
    [
      ...["who", "texts/s", "seconds", `× ${WHO.transformers}`],
      ...["own cores", "time of a core, ms a text"],
    ],
    rows,
  );
}

function formTable(series: Series): string[] {
  const speed = (who: string) =>
    series.median({ part: "forms", who, detail: BATCH }, "tokensPerSecond");
  const rows = [WHO.inPlace, WHO.optimum, WHO.capped].flatMap((who) => {
    const key = { part: "forms", who, detail: BATCH };
    const row = cells(series, key, ["tokensPerSecond", "meanTokensPerSecond", "stepMs"], 1);
    if (row.length === 0) return [];
    const cores = series.median(key, "ownCores").toFixed(2);
    const cache = series.median(key, "isGrowing") === 1 ? "grows" : "in place";
    return [[who, cache, ...row, percent(speed(who) / speed(WHO.inPlace)), cores]];
  });
  return formatTable(
    [
      "form",
      "served with a cache",
      "tokens/s",
      "by the mean",
      "step ms",
      `of ${WHO.inPlace}`,
      "own cores",
    ],
    rows,
    2,
  );
}

function goalTable(series: Series): string[] {
  const rows = toGoals(series).map(({ text, measured, wanted, isMet }) => [
    ...[text, measured, wanted],
    isMet === undefined ? "–" : isMet ? "met" : "missed",
  ]);
  return formatTable(["goal", "measured", "wanted", ""], rows, 4);
}

/** Who did not get the cores was measured against the neighbours, not against the others in the table. */
function shareWarning({ series, options }: ReportInput): string[] {
  const keys: SeriesKey[] = [
    ...[WHO.encoder, WHO.transformers].map((who) => ({ part: "embeddings", who })),
    ...[WHO.inPlace, WHO.optimum, WHO.capped].map((who) => {
      return { part: "forms", who, detail: BATCH };
    }),
  ];
  const starved = keys.filter((key) => {
    return series.median(key, "ownCores") < options.threadCount * OWN_SHARE_MIN;
  });
  if (starved.length === 0) return [];
  const names = starved.map((it) => it.who).join(", ");
  return [
    "",
    `Warning: less than ${OWN_SHARE_MIN * 100} % of ${options.threadCount} cores were its own for ${names}: others worked on this machine, or it could not use them.`,
  ];
}

/** Whoever gives other vectors has done other work. */
function vectorWarning(series: Series): string[] {
  const probes = (who: string) =>
    [0, 1, 2].flatMap((index) =>
      series.values({ part: "embeddings", who }, `probe${index}`).slice(0, 1),
    );
  if (areSameVectors(probes(WHO.encoder), probes(WHO.transformers)) !== false) return [];
  return ["", `Warning: ${WHO.transformers} gave other vectors; its speed says nothing.`];
}
