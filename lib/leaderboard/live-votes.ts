import { sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { VOTES_A_LOAD } from "@/lib/job-limits";
import { toCategories, type VoteTraits } from "@/lib/rating/categories";
import type { Outcome } from "@/lib/rating/outcome";
import { type CountedVote, VoteTable } from "./vote-table";

type Row = {
  id: string;
  modelA: string;
  modelB: string;
  outcome: Outcome;
  counted: boolean;
  day: number;
  language: string | null;
  turn: number;
  labels: string[] | null;
  facts: Facts;
};

/**
 * All counted ballots between public models in memory, read whole once and from then on by what changed. Which rows those are is
 * told by the transaction that wrote them last: every one below the oldest that was under way before the
 * last reading had ended by then, so its rows were seen; all others are read again, which does no harm.
 */
export class LiveVotes {
  readonly #hidden: ReadonlySet<string>;
  #table = new VoteTable();
  /** The oldest transaction under way before the last reading. */
  #horizon: string | undefined;

  /**
   * @param hidden ids of models whose names nobody is told. Votes on them are left out: what boards said of their
   * opponents would otherwise tell, vote by vote, how they fare.
   */
  constructor(hidden: ReadonlySet<string> = new Set()) {
    this.#hidden = hidden;
  }

  /** Whether the votes on these models are what is left out. */
  isWithout(hidden: ReadonlySet<string>): boolean {
    return hidden.size === this.#hidden.size && [...hidden].every((id) => this.#hidden.has(id));
  }

  get table(): VoteTable {
    return this.#table;
  }

  /** Rows that were read. */
  async refresh(transaction: Database, signal?: AbortSignal): Promise<number> {
    // Before the rows and in a statement of its own: what ends in between is seen twice, and never not at all.
    const [now] = await transaction.execute<{ xmin: string }>(
      sql`select pg_snapshot_xmin(pg_current_snapshot())::text as xmin`,
    );
    const read =
      this.#horizon === undefined
        ? await this.#load(transaction, signal)
        : await this.#follow(transaction, this.#horizon, signal);
    this.#horizon = now?.xmin;
    return read;
  }

  async #load(transaction: Database, signal: AbortSignal | undefined): Promise<number> {
    // One that ended in the middle left half a table.
    this.#table = new VoteTable();
    return this.#read(transaction, sql`${ballots.counted}`, signal);
  }

  #follow(transaction: Database, horizon: string, signal: AbortSignal | undefined) {
    // Rows of a dump from another server may name transactions that this one has yet to begin.
    const isOurs = sql`${ballots.changedIn} < pg_snapshot_xmax(pg_current_snapshot())`;
    const where = sql`${ballots.changedIn} >= ${horizon}::xid8 and ${isOurs}`;
    return this.#read(transaction, where, signal);
  }

  /** By a cursor: an exclusion may change as many rows as there are. */
  async #read(
    transaction: Database,
    where: ReturnType<typeof sql>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    await transaction.execute(sql`declare live_votes no scroll cursor for
      select ${ballots.id} as id, ${ballots.modelAId} as "modelA", ${ballots.modelBId} as "modelB",
        ${ballots.outcome} as outcome, ${ballots.counted} as counted,
        floor(extract(epoch from ${ballots.createdAt}) / 86400)::int as day,
        ${ballots.language} as language, ${ballots.turn} as turn, ${ballots.labels} as labels,
        ${ballots.facts} as facts
      from ${ballots} where ${where}`);
    let read = 0;
    for (;;) {
      signal?.throwIfAborted();
      const rows = await transaction.execute<Row>(
        sql.raw(`fetch forward ${VOTES_A_LOAD} from live_votes`),
      );
      for (const row of rows) {
        if (row.counted && this.#isPublic(row)) this.#table.put(toVote(row));
        else this.#table.remove(row.id);
      }
      read += rows.length;
      if (rows.length < VOTES_A_LOAD) break;
    }
    await transaction.execute(sql`close live_votes`);
    return read;
  }

  #isPublic({ modelA, modelB }: Row): boolean {
    return !this.#hidden.has(modelA) && !this.#hidden.has(modelB);
  }
}

/** `ballots.facts` as it was written by this program, some version of it: read a million times, so unchecked but for what is absent. */
type Facts = Omit<VoteTraits, "turn" | "labels"> & { a?: Side; b?: Side };
type Side = { tokens?: number | null; headers?: number; lists?: number; bold?: number };

/** Field by field: a million rows taken apart with `...rest` and put together again are two seconds more. */
function toVote(row: Row): CountedVote {
  const { a, b, prompt } = row.facts;
  return {
    id: row.id,
    modelA: row.modelA,
    modelB: row.modelB,
    outcome: row.outcome,
    day: row.day,
    language: row.language,
    categories: toCategories({ turn: row.turn, labels: row.labels, prompt, a, b }),
    styleA: toStyle(a),
    styleB: toStyle(b),
  };
}

/** In the order of STYLE_FEATURES. */
function toStyle(side: Side | undefined): number[] {
  const { tokens, headers, lists, bold } = side ?? {};
  return [tokens ?? Number.NaN, headers ?? Number.NaN, lists ?? Number.NaN, bold ?? Number.NaN];
}
