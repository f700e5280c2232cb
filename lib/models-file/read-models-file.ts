import { readVariable } from "@/lib/env";
import { type ExternalModel, type ModelEntry, modelEntrySchema } from "@/lib/protocol/model-entry";
import { isFastchatFile, readFastchat } from "./fastchat-endpoints";
import { findCredentials } from "./find-credentials";
import { fitsHeader } from "./fits-header";
import type { FileFault } from "./models-document";
import { openDocument, type Reading, readList, withoutDoubles } from "./read-entries";

const HOW_TO = "docs/how-to/add-external-models.md";

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
    else if (key !== undefined && !fitsHeader(key)) {
      document.fault(at, `the key of ${JSON.stringify(entry.name)} holds what no header can`);
    } else models.push({ entry, credentials });
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
export type FileReading = Reading<ModelEntry>;

function readDocument(path: string, variable: (name: string) => string | undefined) {
  const document = openDocument(path, HOW_TO);
  const value = document.value();
  const reading = isFastchatFile(value)
    ? readFastchat(value, variable)
    : readList(value, document, modelEntrySchema);
  for (const { path: at, message } of reading.faults) document.fault(at, message);
  return { document, reading: { ...reading, entries: withoutDoubles(reading.entries, document) } };
}
