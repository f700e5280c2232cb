import { readFileSync } from "node:fs";
import type * as z from "zod";
import { UPSTREAM_MODELS_MAX } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { ModelsDocument, type Path } from "./models-document";

/** What files of models have in common, whatever an entry of theirs is. */

const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** What a reader of either form makes of the whole file. */
export type Reading<Entry> = {
  entries: { entry: Entry; at: Path; key?: string }[];
  faults: { path: Path; message: string }[];
  warnings: string[];
};

/**
 * @param howTo the page that tells of such files
 * @throws StartError for a file that cannot be read, or is no YAML.
 */
export function openDocument(path: string, howTo: string): ModelsDocument {
  return new ModelsDocument(path, readText(path, howTo), howTo);
}

/** Of two of one name the first counts, and the second is a fault. */
export function withoutDoubles<Entry extends { name: string }>(
  entries: Reading<Entry>["entries"],
  document: ModelsDocument,
): Reading<Entry>["entries"] {
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

function readText(path: string, howTo: string): string {
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
      remedy: `Give the path of a models.yaml; ${howTo} has one.`,
      cause,
    });
  }
}

/** Our own form: a list `models` with an entry for each. */
export function readList<Entry>(
  value: unknown,
  document: ModelsDocument,
  schema: z.ZodType<Entry>,
): Reading<Entry> {
  const reading: Reading<Entry> = { entries: [], faults: [], warnings: [] };
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
    const parsed = schema.safeParse(document.withoutNulls(raw));
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
export function toFaults(
  error: z.ZodError,
  at: Path,
  whose: string,
): { path: Path; message: string }[] {
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
