import { changeFeed } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { LiveCopy } from "@/lib/db/live-copy";
import { processSingleton } from "@/lib/util/process-singleton";
import type { ApiKey } from "./api-caller";
import { readStoredKeys, type StoredKey } from "./key-store";
import { hashKey } from "./make-key";

/** What is known of a key that a request bears. */
export type KeyFinding =
  | { state: "live"; key: ApiKey }
  | { state: "expired"; expiredAtMs: number }
  | { state: "revoked" }
  /** What a newer version wrote of it cannot be held to. */
  | { state: "unreadable" }
  | { state: "unknown" };

/** Every key of this platform, so that no request with one, be it known or made up, asks the database. */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, StoredKey>;
  #byId: ReadonlyMap<string, StoredKey> | undefined;

  constructor(keys: readonly StoredKey[]) {
    this.#keys = new Map(keys.map((it) => [it.hash, it]));
  }

  /**
   * Whether no key was ever made. A revoked one counts: who revokes the last key shuts a door, and must
   * not find it open to everyone.
   */
  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  find(text: string, nowMs: number = Date.now()): KeyFinding {
    return toFinding(this.#keys.get(hashKey(text)), nowMs);
  }

  /** The same of a key that was found before. */
  findById(id: string, nowMs: number = Date.now()): KeyFinding {
    // Made when it is first asked for: most rings are replaced before.
    this.#byId ??= new Map([...this.#keys.values()].map((it) => [it.id, it]));
    return toFinding(this.#byId.get(id), nowMs);
  }
}

function toFinding(found: StoredKey | undefined, nowMs: number): KeyFinding {
  if (found === undefined) return { state: "unknown" };
  if (found.isRevoked) return { state: "revoked" };
  const { key } = found;
  if (key === undefined) return { state: "unreadable" };
  const { expiresAtMs } = key;
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    return { state: "expired", expiredAtMs: expiresAtMs };
  }
  return { state: "live", key };
}

export type KeyRingCopy = LiveCopy<KeyRing>;

export async function readKeyRing(db: Database): Promise<KeyRing> {
  return new KeyRing(await readStoredKeys(db));
}

/**
 * The keys as this process knows them. One that can neither hear of changes nor read them knows none: a
 * key may have been revoked in between.
 */
export function keyRing(): KeyRingCopy {
  return processSingleton(
    "key-ring",
    () =>
      new LiveCopy({
        feed: changeFeed(),
        topic: "keys",
        read: () => readKeyRing(database()),
        whenAway: "refuse",
      }),
  );
}
