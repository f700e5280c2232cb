import type { Database } from "@/lib/db/client";
import { AppError, isAppError } from "@/lib/errors";
import type { FileEntries, FileEntry } from "@/lib/models-file/read-models-file";
import { createProviderKeyBodySchema } from "@/lib/protocol/provider-key";
import { credentialKeysOf, type ProviderName } from "@/lib/protocol/provider-table";
import {
  changeExternalModel,
  changeProviderKey,
  createExternalModel,
  createProviderKey,
  type Providers,
  readProviders,
} from "@/lib/providers/store";
import { plainIssue } from "../../plain-issue";

/** What was done with each entry of a file. No part of a key is in it. */
export type Imported = {
  models: { name: string; provider: ProviderName; key: string | null }[];
  kept: string[];
  refused: { line: number; message: string }[];
  warnings: string[];
  /** Names of keys that were kept. */
  keys: string[];
};

type Importing = {
  reading: FileEntries;
  secret: string;
  /** The file's name, by which its keys are called. */
  file: string;
  isReplacing: boolean;
};

/** Entry by entry, so that one that is wrong keeps nobody from the others. */
export async function importModels(db: Database, importing: Importing): Promise<Imported> {
  const { reading, isReplacing } = importing;
  const known = await readProviders(db);
  const keys = new FileKeys(db, known, importing);
  const imported: Imported = {
    ...{ models: [], kept: [], refused: [...reading.faults], warnings: [...reading.warnings] },
    keys: keys.names,
  };
  for (const it of reading.entries) {
    const { entry, line } = it;
    const old = known.models.find((model) => model.entry.name === entry.name);
    if (old && !isReplacing) {
      imported.kept.push(entry.name);
      continue;
    }
    try {
      const key = await keys.keep(it, imported.warnings);
      const body = { entry, keyId: key?.id ?? null, isEnabled: old?.isEnabled ?? true };
      if (old) await changeExternalModel(db, old.id, body);
      else await createExternalModel(db, body);
      const { name, provider } = entry;
      imported.models.push({ name, provider, key: key?.name ?? null });
    } catch (error) {
      if (!isAppError(error)) throw error;
      imported.refused.push({ line, message: `${JSON.stringify(entry.name)}: ${error.message}` });
    }
  }
  imported.refused.sort((a, b) => a.line - b.line);
  return imported;
}

type Kept = { id: string; name: string };

/** Keys of a file: one that several entries have is kept once. */
class FileKeys {
  readonly names: string[] = [];
  readonly #db: Database;
  readonly #importing: Importing;
  readonly #known: Providers["keys"];
  readonly #kept = new Map<string, Kept>();
  readonly #counts = new Map<ProviderName, number>();

  constructor(db: Database, { keys }: Providers, importing: Importing) {
    this.#db = db;
    this.#known = keys;
    this.#importing = importing;
  }

  async keep({ entry, key }: FileEntry, warnings: string[]): Promise<Kept | undefined> {
    if (key === undefined) return undefined;
    const { provider } = entry;
    if (credentialKeysOf(provider).length === 0) {
      warnings.push(
        `The key of ${JSON.stringify(entry.name)} is left out: ${provider} has its access from the machine that the worker runs on.`,
      );
      return undefined;
    }
    const mark = `${provider} ${key}`;
    const kept = this.#kept.get(mark) ?? (await this.#write(provider, key));
    this.#kept.set(mark, kept);
    return kept;
  }

  async #write(provider: ProviderName, key: string): Promise<Kept> {
    const { secret, isReplacing } = this.#importing;
    const { name, old } = this.#nextName(provider);
    const credentials = { key };
    const parsed = createProviderKeyBodySchema.safeParse({ name, provider, credentials });
    if (!parsed.success)
      throw new AppError("invalid-request", { message: plainIssue(parsed.error.issues[0]) });
    const kept =
      old && isReplacing
        ? await changeProviderKey(this.#db, old.id, { changes: { credentials }, secret })
        : await createProviderKey(this.#db, parsed.data, secret);
    this.names.push(kept.name);
    return kept;
  }

  /** The same file gives the same names, so that importing it anew replaces its keys. */
  #nextName(provider: ProviderName): { name: string; old: Providers["keys"][number] | undefined } {
    for (;;) {
      const count = (this.#counts.get(provider) ?? 0) + 1;
      this.#counts.set(provider, count);
      const name = `${provider} of ${this.#importing.file}${count === 1 ? "" : ` ${count}`}`;
      const old = this.#known.find((it) => it.name === name);
      const isFree =
        old === undefined || (this.#importing.isReplacing && old.provider === provider);
      if (isFree) return { name, old };
    }
  }
}
