import { PRIVATE_VOTES_AGE_MS, PRIVATE_VOTES_STEP } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { countVotes } from "./store";

type Counted = { votes: number; countedMs: number };

/**
 * Rounded numbers of votes on models whose names nobody is told. They are on no board, so they are counted, each
 * once a minute however many pages ask.
 */
export class PrivateVotes {
  readonly #now: () => number;
  /** As many as there are private models. */
  readonly #counted = new Map<string, Counted>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  async read(db: Database, modelIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const nowMs = this.#now();
    const old = modelIds.filter((id) => {
      const known = this.#counted.get(id);
      return known === undefined || nowMs - known.countedMs > PRIVATE_VOTES_AGE_MS;
    });
    for (const [id, votes] of await countVotes(db, old)) {
      this.#counted.set(id, { votes, countedMs: nowMs });
    }
    return new Map(modelIds.map((id) => [id, roundDown(this.#counted.get(id)?.votes ?? 0)]));
  }
}

const roundDown = (votes: number) => Math.floor(votes / PRIVATE_VOTES_STEP) * PRIVATE_VOTES_STEP;
