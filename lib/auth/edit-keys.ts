import { database } from "@/lib/db/client";
import type { CreatedKey, CreateKeyBody, KeyView, UpdateKeyBody } from "@/lib/protocol/key-view";
import { keyRing } from "./key-ring";
import { createKey, findKey, listKeys, revokeKey, updateKey } from "./key-store";

/** What keepers do with the keys of this process's database; its own copy knows of it before they hear. */

export function readApiKeys(): Promise<{ keys: KeyView[]; total: number }> {
  return listKeys(database());
}

/** @throws AppError `not-found` */
export function readApiKey(id: string): Promise<KeyView> {
  return findKey(database(), id);
}

/** @throws AppError `conflict`, `invalid-request` */
export async function makeApiKey(body: CreateKeyBody): Promise<CreatedKey> {
  return await known(createKey(database(), body));
}

/** @throws AppError `not-found`, `conflict`, `invalid-request` */
export async function changeApiKey(id: string, body: UpdateKeyBody): Promise<KeyView> {
  return await known(updateKey(database(), id, body));
}

/** @throws AppError `not-found` */
export async function revokeApiKey(id: string): Promise<KeyView> {
  return await known(revokeKey(database(), id));
}

async function known<T>(change: Promise<T>): Promise<T> {
  const outcome = await change;
  // It is written, whatever becomes of the copy; a key that is shown once must not be lost to that.
  await keyRing()
    .refresh()
    .catch(() => undefined);
  return outcome;
}
