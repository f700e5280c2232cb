import type { Database } from "@/lib/db/client";
import { openCredentials, sealCredentials } from "./seal";
import { readProviders, writeSealed } from "./store";

/** Names of keys that were sealed anew, and of those that neither secret opens. */
export type Resealed = { resealed: string[]; locked: string[] };

/** After the server's secret was changed: what the one `before` opens is sealed under `secret`. */
export async function resealKeys(
  db: Database,
  { before, secret }: { before: string; secret: string },
): Promise<Resealed> {
  const { keys } = await readProviders(db);
  const outcome: Resealed = { resealed: [], locked: [] };
  const written: { id: string; sealed: string }[] = [];
  for (const key of keys) {
    if (openCredentials(key.sealed, key, secret) !== undefined) continue;
    const credentials = openCredentials(key.sealed, key, before);
    if (credentials === undefined) outcome.locked.push(key.name);
    else {
      written.push({ id: key.id, sealed: sealCredentials(credentials, key, secret) });
      outcome.resealed.push(key.name);
    }
  }
  await writeSealed(db, written);
  return outcome;
}
