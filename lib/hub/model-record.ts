import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { HUB_NAMES, type HubModel } from "./hub";

/** Beside a model's files: where they came from and what they have to be. */
export const RECORD_FILE = ".parley-model.json";

const recordSchema = z.object({
  hub: z.enum(HUB_NAMES),
  repo: z.string(),
  revision: z.string(),
  commit: z.string(),
  downloadedAt: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      bytes: z.number().int().min(0),
      checksum: z
        .object({ algorithm: z.enum(["sha256", "git-sha1"]), value: z.string() })
        .optional(),
    }),
  ),
});

export type ModelRecord = z.infer<typeof recordSchema>;

/** Undefined where there is none, or one that nobody can read: the folder was put there by hand then. */
export async function readRecord(folder: string): Promise<ModelRecord | undefined> {
  try {
    const text = await readFile(join(folder, RECORD_FILE), "utf8");
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export async function writeRecord(folder: string, model: HubModel, now: Date): Promise<void> {
  const record: ModelRecord = { ...model, downloadedAt: now.toISOString() };
  const handle = await open(join(folder, RECORD_FILE), "w");
  try {
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
