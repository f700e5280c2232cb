import { readFileSync } from "node:fs";
import type * as z from "zod";
import { readVariable } from "@/lib/env";
import { type ExternalModel, type ModelEntry, modelEntrySchema } from "@/lib/protocol/model-entry";
import { UPSTREAM_MODELS_MAX } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { isFastchatFile, readFastchat } from "./fastchat-endpoints";
import { findCredentials } from "./find-credentials";
import { type FileFault, ModelsDocument, type Path } from "./models-document";

const FILE_BYTES_MAX = 4 * 1024 * 1024;

export type ReadOptions = {
  path: string;
  /** What a variable holds; the environment's and .env's where nobody says otherwise. */
  variable?: (name: string) => string | undefined;
};

/** One model as the file has it; `key` where the file itself holds one. */
export type FileEntry = { entry: ModelEntry; line: number; key?: string };

/** All of a file: what can be taken from it, and what cannot with the reason. */
export type FileEntries = {
  entries: FileEntry[];
  faults: readonly FileFault[];
  warnings: string[];
};

/**
 * Reads `models.yaml` (which JSON is, too), or FastChat's file of endpoints as it is.
 *
 * @throws StartError naming each fault by line, entry and remedy.
 */
export function readModelsFile(options: ReadOptions): {
  models: ExternalModel[];
  warnings: string[];
} {
  const { path, variable = readVariable } = options;
  const { document, reading } = readDocument(path, variable);
  const models: ExternalModel[] = [];
  const warnings = [...reading.warnings];
  for (const { entry, at, key } of reading.entries) {
    const credentials = key === undefined ? findCredentials(entry, variable) : { key };
    if (key !== undefined) {
      warnings.push(
        `The key of ${JSON.stringify(entry.name)} stands in the file, for whoever reads it. \`npx parley providers import\` moves the file's keys where they are encrypted; or set a variable, and name that with \`key\` in a models.yaml.`,
      );
    }
    if (typeof credentials === "string") document.fault(at, credentials);
    else models.push({ entry, credentials });
  }
  document.throwFaults();
  return { models, warnings };
}

/**
 * Each entry by itself, so that one that is wrong keeps nobody from the others. No variable is asked for a key.
 *
 * @throws StartError for a file that cannot be read, or is no YAML.
 */
export function readModelsEntries({ path, variable = readVariable }: ReadOptions): FileEntries {
  const { document, reading } = readDocument(path, variable);
  const entries = reading.entries.map(({ at, ...it }) => ({ ...it, line: document.lineOf(at) }));
  return { entries, faults: document.faults, warnings: reading.warnings };
}

/** What a reader of either form makes of the whole file. */
export type FileReading = {
  entries: { entry: ModelEntry; at: Path; key?: string }[];
  faults: { path: Path; message: string }[];
  warnings: string[];
};

function readDocument(path: string, variable: (name: string) => string | undefined) {
  const document = new ModelsDocument(path, readText(path));
  const value = document.value();
  const reading = isFastchatFile(value) ? readFastchat(value, variable) : readOwn(value, document);
  for (const { path: at, message } of reading.faults) document.fault(at, message);
  return { document, reading: { ...reading, entries: withoutDoubles(reading.entries, document) } };
}

/** Of two of one name the first counts, and the second is a fault. */
function withoutDoubles(entries: FileReading["entries"], document: ModelsDocument) {
  const lines = new Map<string, number>();
  return entries.filter(({ entry, at }) => {
    const first = lines.get(entry.name);
    if (first === undefined) {
      lines.set(entry.name, document.lineOf(at));
      return true;
    }
    const name = JSON.stringify(entry.name);
    document.fault(at, `the name ${name} is that of line ${first} already; rename one`);
    return false;
  });
}

function readText(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length <= FILE_BYTES_MAX) return text;
    throw new StartError({
      message: `${path} is longer than ${FILE_BYTES_MAX / 1024 / 1024} MiB.`,
      remedy: "Give a file of models.",
    });
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason =
      code === "ENOENT" ? `There is no file ${path}.` : `${path} cannot be read (${code}).`;
    throw new StartError({
      message: reason,
      remedy: "Give the path of a models.yaml; docs/how-to/add-external-models.md has one.",
      cause,
    });
  }
}

function readOwn(value: unknown, document: ModelsDocument): FileReading {
  const reading: FileReading = { entries: [], faults: [], warnings: [] };
  const list =
    typeof value === "object" && value !== null && "models" in value ? value.models : undefined;
  if (!Array.isArray(list) || list.length === 0) {
    const message = "has no list `models` with an entry; write `models:` and entries below it";
    return { ...reading, faults: [{ path: [], message }] };
  }
  for (const key of Object.keys(value as object)) {
    if (key === "models") continue;
    reading.faults.push({
      path: [key],
      message: `${key} is no key of the file; only \`models\` is`,
    });
  }
  if (list.length > UPSTREAM_MODELS_MAX) {
    const message = `has ${list.length} models, of at most ${UPSTREAM_MODELS_MAX}; give some of them to another worker`;
    reading.faults.push({ path: ["models"], message });
  }
  for (const [index, raw] of list.entries()) {
    const at = ["models", index];
    const parsed = modelEntrySchema.safeParse(document.withoutNulls(raw));
    if (parsed.success) reading.entries.push({ entry: parsed.data, at });
    else reading.faults.push(...toFaults(parsed.error, at, nameOf(raw)));
  }
  return reading;
}

function nameOf(raw: unknown): string {
  const name = typeof raw === "object" && raw !== null && "name" in raw ? raw.name : undefined;
  return typeof name === "string" ? ` of ${JSON.stringify(name.slice(0, 100))}` : "";
}

/** Zod's issues as sentences; of keys that nobody knows one each. */
function toFaults(error: z.ZodError, at: Path, whose: string): FileReading["faults"] {
  return error.issues.flatMap((issue) => {
    // Keys of YAML are texts and numbers.
    const path = [...at, ...(issue.path as (string | number)[])];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `the key ${[...issue.path, key].join(".")}${whose} is none that a model has; remove it, or see the how-to for its name`,
      }));
    }
    const name = issue.path.join(".") || "the entry";
    return [{ path, message: `${name}${whose}: ${issue.message.replace(/\.$/, "")}` }];
  });
}
