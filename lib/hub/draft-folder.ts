import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findFault } from "./check-files";
import { toPartPath } from "./download-file";
import type { HubFile } from "./hub";

/** Where a model lies while it comes, beside its own folder: found again by the model's name. */
export const toDraftPath = (parent: string, name: string) => join(parent, `.${name}.download`);
export const toLockPath = (parent: string, name: string) => join(parent, `.${name}.download.lock`);
export const DRAFT = /^\.(.+)\.download$/;

/**
 * Makes a draft hold nothing but files of `files`, whole ones with the right bytes and beginnings: another commit or
 * other weights may have been on their way here before.
 *
 * @returns the paths of those that are whole.
 */
export async function tidyDraft(
  draft: string,
  files: readonly HubFile[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const whole = new Set<string>();
  const kept = new Set<string>();
  for (const file of files) {
    const path = join(draft, ...file.path.split("/"));
    kept.add(toPartPath(path, file));
    // Of a file without a checksum nothing says that it is the one.
    if (file.checksum && (await findFault(draft, file, signal)) === undefined) {
      whole.add(file.path);
      kept.add(path);
    }
  }
  await sweep(draft, kept);
  return whole;
}

async function sweep(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // A link is removed, never followed.
    if (entry.isDirectory()) await sweep(path, kept);
    else if (!entry.isFile() || !kept.has(path)) await rm(path);
  }
}
