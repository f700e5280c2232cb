import { SESSIONS_REMEMBERED_MAX } from "@/lib/fleet-limits";
import { hashText } from "@/lib/util/hash-text";

/** Who answered a conversation last, for the conversations asked for last. */
export class SessionMemory {
  readonly #workers = new Map<number, string>();
  readonly #countMax: number;

  constructor(countMax = SESSIONS_REMEMBERED_MAX) {
    this.#countMax = countMax;
  }

  recall(session: string): string | undefined {
    return this.#workers.get(hashText(session));
  }

  note(session: string, workerId: string): void {
    const key = hashText(session);
    // Written again it stands last: whoever stands first was not asked for the longest.
    this.#workers.delete(key);
    this.#workers.set(key, workerId);
    if (this.#workers.size <= this.#countMax) return;
    for (const oldest of this.#workers.keys()) {
      this.#workers.delete(oldest);
      break;
    }
  }
}
