import { createHmac } from "node:crypto";
import type { Owner } from "@/lib/auth/api-caller";
import { env } from "@/lib/env";

/** Bytes of a salt: two callers do not meet in one by chance, and nobody can look for another who does. */
const SALT_BYTES = 16;

/** Salts that were made, each of which takes 3 µs and is asked for with every request of its owner. */
const SALTS_MAX = 1_024;
const salts = new Map<string, string>();

export type CacheOwner = {
  owner: Owner;
  /** Narrower than the owner, as a conversation; holds whatever operators chose. */
  scope?: string | undefined;
};

/**
 * Whose prompts may use each other's keys and values at a worker: those with one salt. Who is told how
 * much of a prompt was found ready, or measures how soon its answer begins, would else learn what others
 * have asked; in a battle a visitor would learn it of both sides, by asking each model the same by name.
 * A worker is told a keyed hash, and not who it is.
 *
 * @returns undefined where operators let all callers of the API share.
 */
export function cacheSaltOf(
  { owner, scope }: CacheOwner,
  isShared = env().PARLEY_SHARED_PREFIX_CACHE,
): string | undefined {
  if (scope === undefined && isShared) return undefined;
  const whose = scope === undefined ? `owner ${owner}` : `scope ${scope}`;
  const known = salts.get(whose);
  if (known !== undefined) return known;
  const key = env().PARLEY_WORKER_SECRET ?? "";
  const digest = createHmac("sha256", key).update(`prefix cache of ${whose}`).digest();
  const salt = digest.subarray(0, SALT_BYTES).toString("base64url");
  if (salts.size >= SALTS_MAX) salts.clear();
  salts.set(whose, salt);
  return salt;
}
