import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type * as z from "zod";
import { readVariable } from "@/lib/env";
import { StartError } from "@/lib/util/start-error";
import { isFastchatFile, readFastchat } from "./fastchat-endpoints";
import {
  type Credentials,
  type ExternalModel,
  type ModelEntry,
  modelEntrySchema,
} from "./model-entry";
import type { SourceReading } from "./model-source";
import { PROVIDERS } from "./provider-table";

/** A file with thousands of models is a slip, and a card holds as many. */
const MODELS_MAX = 256;
const FILE_BYTES_MAX = 4 * 1024 * 1024;
/** Faults that are told at once; the rest come to light when these are mended. */
const FAULTS_TOLD_MAX = 20;

export type ReadOptions = {
  path: string;
  /** What a variable holds; the environment's and .env's where nobody says otherwise. */
  variable?: (name: string) => string | undefined;
};

type Document = ReturnType<typeof parseDocument>;
type Path = readonly (string | number)[];

/**
 * Reads `models.yaml` (which JSON is, too), or FastChat's file of endpoints as it is.
 *
 * @throws StartError naming each fault by line, entry and remedy.
 */
export function readModelsFile({ path, variable = readVariable }: ReadOptions): SourceReading {
  const file = new ModelsFile(path, readText(path));
  const value = file.value();
  const reading = isFastchatFile(value) ? readFastchat(value, variable) : readOwn(value, file);
  for (const { path: at, message } of reading.faults) file.fault(at, message);
  const models: ExternalModel[] = [];
  for (const { entry, at, key } of reading.entries) {
    const credentials = key === undefined ? findCredentials(entry, variable) : { key };
    if (typeof credentials === "string") file.fault(at, credentials);
    else models.push({ entry, credentials });
  }
  file.expectNames(reading.entries);
  file.throwFaults();
  return { models, warnings: reading.warnings };
}

/** What a reader of either form makes of the whole file. */
export type FileReading = {
  entries: { entry: ModelEntry; at: Path; key?: string }[];
  faults: { path: Path; message: string }[];
  warnings: string[];
};

function readText(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length <= FILE_BYTES_MAX) return text;
    throw new StartError({
      message: `${path} is longer than ${FILE_BYTES_MAX / 1024 / 1024} MiB.`,
      remedy: "Give --config a file of models.",
    });
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason =
      code === "ENOENT" ? `There is no file ${path}.` : `${path} cannot be read (${code}).`;
    throw new StartError({
      message: reason,
      remedy:
        "Give --config the path of a models.yaml; docs/how-to/add-external-models.md has one.",
      cause,
    });
  }
}

function readOwn(value: unknown, file: ModelsFile): FileReading {
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
  if (list.length > MODELS_MAX) {
    const message = `has ${list.length} models, of at most ${MODELS_MAX}; give some of them to another worker`;
    reading.faults.push({ path: ["models"], message });
  }
  for (const [index, raw] of list.entries()) {
    const at = ["models", index];
    const parsed = modelEntrySchema.safeParse(file.withoutNulls(raw));
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
export function toFaults(error: z.ZodError, at: Path, whose: string): FileReading["faults"] {
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

/** Or a sentence about what is missing. */
function findCredentials(
  entry: ModelEntry,
  variable: (name: string) => string | undefined,
): Credentials | string {
  const { variables, needsKey, place } = PROVIDERS[entry.provider];
  const found: Credentials = {};
  for (const name of ["key", "accessKeyId", "secretAccessKey", "sessionToken"] as const) {
    const word = entry[name] ?? variables[name];
    if (word === undefined) continue;
    const value = variable(word);
    if (value !== undefined) found[name] = value;
    else if (entry[name] !== undefined) {
      return `${name} of ${JSON.stringify(entry.name)} names the variable ${word}, which is not set; set it, or name another`;
    }
  }
  const isPair = found.accessKeyId !== undefined && found.secretAccessKey !== undefined;
  if (found.key !== undefined || isPair || !needsKey) return found;
  const own = place.optional.includes("accessKeyId")
    ? `${variables.key}, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`
    : variables.key;
  return `there is no key for ${JSON.stringify(entry.name)}: set ${own}, or name another variable with \`key\``;
}

class ModelsFile {
  readonly #faults: { line: number; message: string }[] = [];
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(path: string, text: string) {
    this.#name = basename(path);
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { pos, message } of this.#document.errors) {
      this.#faults.push({ line: this.#lines.linePos(pos[0]).line, message });
    }
    this.throwFaults();
  }

  value(): unknown {
    return this.#document.toJS();
  }

  /** Nothing after a colon means that the key is not there. */
  withoutNulls(raw: unknown): unknown {
    if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
    return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null));
  }

  fault(path: Path, message: string): void {
    this.#faults.push({ line: this.#lineOf(path), message });
  }

  expectNames(entries: FileReading["entries"]): void {
    const lines = new Map<string, number>();
    for (const { entry, at } of entries) {
      const first = lines.get(entry.name);
      const line = this.#lineOf(at);
      if (first === undefined) lines.set(entry.name, line);
      else {
        const message = `the name ${JSON.stringify(entry.name)} is that of line ${first} already; rename one`;
        this.fault(at, message);
      }
    }
  }

  throwFaults(): void {
    if (this.#faults.length === 0) return;
    const told = this.#faults
      .sort((a, b) => a.line - b.line)
      .slice(0, FAULTS_TOLD_MAX)
      .map(({ line, message }) => `${this.#name}:${line}: ${message}`);
    const rest = this.#faults.length - told.length;
    throw new StartError({
      message: `${told.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}.`,
      remedy: "docs/how-to/add-external-models.md tells what each key takes.",
    });
  }

  /** Of the key itself where there is one, else of the nearest thing around it. */
  #lineOf(path: Path): number {
    let node: unknown = this.#document.contents;
    let at = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const step of path) {
      let next: unknown;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => (isScalar(key) ? key.value : key) === step);
        if (pair === undefined) break;
        if (isNode(pair.key)) at = pair.key.range?.[0] ?? at;
        next = pair.value;
      } else if (isSeq(node) && typeof step === "number") {
        next = node.items[step];
        if (isNode(next)) at = next.range?.[0] ?? at;
      } else break;
      node = next;
    }
    return this.#lines.linePos(at).line;
  }
}
