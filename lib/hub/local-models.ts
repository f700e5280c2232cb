import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { findModelFolders } from "@/lib/config/model-folders";
import { beginChecksum, hashFile } from "./checksum";
import { type ModelRecord, readRecord } from "./model-record";

/** Models that lie in a folder of this machine. */

export type LocalModel = {
  name: string;
  folder: string;
  /** On this disk. */
  bytes: number;
  /** Where it came from; undefined for one that was put there by hand. */
  record: ModelRecord | undefined;
};

export async function listLocalModels(parent: string): Promise<LocalModel[]> {
  return await Promise.all(
    findModelFolders(parent).map(async ({ name, path }) => ({
      ...{ name, folder: path },
      ...{ bytes: await measure(path), record: await readRecord(path) },
    })),
  );
}

async function measure(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await measure(path);
    else bytes += (await stat(path)).size;
  }
  return bytes;
}

export type FileFault = { path: string; fault: "missing" | "other-size" | "other-bytes" };

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
  for (const { path, bytes, checksum } of record.files) {
    onFile?.(path);
    const place = join(folder, ...path.split("/"));
    const found = await stat(place).catch(() => undefined);
    if (found === undefined) faults.push({ path, fault: "missing" });
    else if (found.size !== bytes) faults.push({ path, fault: "other-size" });
    else if (checksum) {
      const hash = beginChecksum(checksum, bytes);
      await hashFile(place, hash, signal);
      if (hash.digest("hex") !== checksum.value) faults.push({ path, fault: "other-bytes" });
    }
  }
  return faults;
}

/** Takes a model and all of its files away. */
export async function removeModel({ folder }: Pick<LocalModel, "folder">): Promise<void> {
  await rm(folder, { recursive: true });
}
