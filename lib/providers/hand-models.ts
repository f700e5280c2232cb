import { createHash } from "node:crypto";
import type { HandedModel, HandedModels } from "@/lib/protocol/external-models";
import { openCredentials } from "./seal";
import type { Providers, StoredKey, StoredModel } from "./store";

/** What a worker is handed, and a tag that differs when it does. */
export type Handed = { tag: string; models: HandedModels };

const LOCKED =
  "Its key cannot be opened: PARLEY_SECRET is another one than when the key was entered. Enter the key again.";
const WITHHELD =
  "Its key is not sent over plain http to another machine. Reach the platform by https, name the worker's network in PARLEY_KEY_NETWORKS, or name a variable that holds the key.";

/**
 * The models that are switched on, their keys opened. `isPrivate`: nobody can read along on the way to the
 * worker that asks; where somebody can, no key is handed.
 */
export function handModels(
  { keys, models }: Providers,
  { secret, isPrivate }: { secret: string; isPrivate: boolean },
): Handed {
  const known = new Map(keys.map((it) => [it.id, it]));
  const enabled = models.filter(({ isEnabled }) => isEnabled);
  const handed = enabled.map((it) => handModel(it, { known, secret, isPrivate }));
  // Of what is sealed, so that the tag tells nothing of what is in it; a key that is entered again is sealed anew.
  const marks = enabled.map((it, index) => [
    it.entry,
    it.keyId === null ? null : known.get(it.keyId)?.sealed,
    handed[index]?.problem?.kind,
  ]);
  const tag = createHash("sha256").update(JSON.stringify(marks)).digest("base64url").slice(0, 22);
  return { tag: `"${tag}"`, models: { models: handed } };
}

type Handing = { known: ReadonlyMap<string, StoredKey>; secret: string; isPrivate: boolean };

function handModel(
  { entry, keyId }: StoredModel,
  { known, secret, isPrivate }: Handing,
): HandedModel {
  const told = { name: entry.name, entry };
  if (keyId === null) return told;
  if (!isPrivate) return { ...told, problem: { kind: "key-withheld", message: WITHHELD } };
  const key = known.get(keyId);
  const credentials = key && openCredentials(key.sealed, key, secret);
  if (credentials === undefined) {
    return { ...told, problem: { kind: "key-locked", message: LOCKED } };
  }
  return { ...told, credentials };
}

/** Whether each key opens under the secret of this server, by its id. */
export function findLocked({ keys }: Providers, secret: string): ReadonlySet<string> {
  const locked = keys.filter((it) => openCredentials(it.sealed, it, secret) === undefined);
  return new Set(locked.map(({ id }) => id));
}
