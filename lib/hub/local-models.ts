import { type Dirent, existsSync } from "node:fs";
import { lstat, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { findModelFolders } from "@/lib/config/model-folders";
import { type FileFault, findFault, findGaps } from "./check-files";
import { DRAFT, toDraftPath } from "./draft-folder";
import { type ModelRecord, RECORD_FILE, readRecord } from "./model-record";

/** Models that lie in a folder of this machine. */

export type LocalModel = {
  name: string;
  folder: string;
  /** On this disk. */
  bytes: number;
  /** Where it came from; undefined for one that was put there by hand. */
  record: ModelRecord | undefined;
  /** `unfinished`: a download that was broken off; `damaged`: files of it are missing or cut off. */
  state: "whole" | "damaged" | "unfinished";
};

export async function listLocalModels(parent: string): Promise<LocalModel[]> {
  const entries = await readFolder(parent);
  const whole = new Map(findModelFolders(parent).map(({ name, path }) => [name, path]));
  const models: LocalModel[] = [];
  for (const { name } of entries) {
    const path = resolve(parent, name);
    const draftOf = DRAFT.exec(name)?.[1];
    if (draftOf !== undefined) {
      const bytes = await measure(path);
      models.push({ name: draftOf, folder: path, bytes, record: undefined, state: "unfinished" });
    } else if (whole.has(name) || existsSync(join(path, RECORD_FILE))) {
      const record = await readRecord(path);
      const gaps = record ? await findGaps(path, record.files) : [];
      const state = gaps.length === 0 ? "whole" : "damaged";
      models.push({ name, folder: path, bytes: await measure(path), record, state });
    }
  }
  return models.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}

/** Without a folder that cannot be read, or is gone by now. */
async function readFolder(folder: string): Promise<Dirent[]> {
  return await readdir(folder, { withFileTypes: true }).catch(() => []);
}

/** What a link leads to lies elsewhere. */
async function measure(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readFolder(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await measure(path);
    else bytes += (await lstat(path).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

/**
 * Compares each file with what the hub promised when it came. Files without a checksum are held to their size.
 *
 * @returns the faults, none where all is well; undefined for a model without a record.
 */
export async function verifyModel(
  { folder, record }: Pick<LocalModel, "folder" | "record">,
  signal: AbortSignal,
  onFile?: (path: string) => void,
): Promise<FileFault[] | undefined> {
  if (record === undefined) return undefined;
  const faults: FileFault[] = [];
  for (const file of record.files) {
    onFile?.(file.path);
    const fault = await findFault(folder, file, signal);
    if (fault) faults.push(fault);
  }
  return faults;
}

/**
 * Takes a model and all of its files away. It stops being a model first: where this is broken off, what is left is an
 * unfinished download. A worker that serves it has its files open and goes on.
 */
export async function removeModel({
  folder,
  state,
}: Pick<LocalModel, "folder" | "state">): Promise<void> {
  const draft = state === "unfinished" ? folder : toDraftPath(dirname(folder), basename(folder));
  if (draft !== folder) {
    await rm(draft, { recursive: true, force: true });
    await rename(folder, draft);
  }
  await rm(draft, { recursive: true });
}
