import { stat } from "node:fs/promises";
import { join } from "node:path";
import { beginChecksum, hashFile } from "./checksum";
import type { HubFile } from "./hub";

export type FileFault = { path: string; fault: "missing" | "other-size" | "other-bytes" };

/** Which files of a model are not there or not as long as they have to be: a look, no reading. */
export async function findGaps(folder: string, files: readonly HubFile[]): Promise<FileFault[]> {
  const faults: FileFault[] = [];
  for (const { path, bytes } of files) {
    const found = await stat(join(folder, ...path.split("/"))).catch(() => undefined);
    if (!found?.isFile()) faults.push({ path, fault: "missing" });
    else if (found.size !== bytes) faults.push({ path, fault: "other-size" });
  }
  return faults;
}

/** The same of one file, read to its end where it has a checksum. */
export async function findFault(
  folder: string,
  file: HubFile,
  signal: AbortSignal,
): Promise<FileFault | undefined> {
  const [gap] = await findGaps(folder, [file]);
  const { path, bytes, checksum } = file;
  if (gap || !checksum) return gap;
  const hash = beginChecksum(checksum, bytes);
  await hashFile(join(folder, ...path.split("/")), hash, signal);
  return hash.digest("hex") === checksum.value ? undefined : { path, fault: "other-bytes" };
}
