import { type SQL, sql } from "drizzle-orm";
import { VOTE_READ_MS_MAX, VOTES_A_FETCH } from "@/lib/board-limits";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { models } from "@/lib/db/schema/models";
import { type BallotFacts, ballotFactsSchema, type SideFacts } from "@/lib/protocol/ballot-facts";
import { categoryNames, toCategories } from "@/lib/rating/categories";
import type { Outcome } from "@/lib/rating/outcome";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";
import type { PublicVote, SideStyle } from "@/lib/vote-files/vote-line";

/**
 * The counted votes as everybody may have them: no id, no voter, no moment finer than a day, no word. What is
 * told of the prompt are its language and categories, and of the answers how long and how marked up they are.
 */

export type PublicVotesOptions = {
  signal?: AbortSignal | undefined;
};

export type PublicVotes = {
  /** How many there are. */
  count: number;
  /** In batches, by their day, then in an order that tells nothing of when they came; once. */
  batches: AsyncIterable<PublicVote[]>;
};

/**
 * Hands `work` all counted votes on models whose names may be told, as they stand at one moment, however long
 * it takes to read them. They come by a cursor: as fast as `work` asks, and no more than a batch is in memory.
 */
export async function withPublicVotes<T>(
  db: Database,
  { signal }: PublicVotesOptions,
  work: (votes: PublicVotes) => Promise<T>,
): Promise<T> {
  return db.transaction(
    async (transaction) => work(await openPublicVotes(transaction, { signal })),
    { isolationLevel: "repeatable read", accessMode: "read only" },
  );
}

/** The same inside a transaction of the caller's, whose isolation is `repeatable read`. */
export async function openPublicVotes(
  transaction: Database,
  { signal }: PublicVotesOptions,
): Promise<PublicVotes> {
  // Sorting a million of them takes seconds, all in the first reading.
  await transaction.execute(sql.raw(`set local statement_timeout = ${VOTE_READ_MS_MAX}`));
  const hidden = toHiddenModels(await readRules(transaction));
  const [row] = await transaction.execute<{ count: number }>(
    sql`select count(*)::int as count ${countedVotes(hidden)}`,
  );
  return { count: row?.count ?? 0, batches: readBatches(transaction, hidden, signal) };
}

function countedVotes(hidden: ReadonlySet<string>): SQL {
  const names = JSON.stringify([...hidden]);
  return sql`from ${ballots} join ${models} as model_a on model_a.id = ${ballots.modelAId}
    join ${models} as model_b on model_b.id = ${ballots.modelBId}
    where ${ballots.counted} and not (${names}::jsonb ?| array[model_a.name, model_b.name])`;
}

type Row = {
  day: number;
  modelA: string;
  modelB: string;
  outcome: Outcome;
  pairProbability: number;
  turn: number;
  language: string | null;
  labels: string[] | null;
  facts: unknown;
};

async function* readBatches(
  transaction: Database,
  hidden: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<PublicVote[]> {
  // Ids begin with their moment; a hash of them is an order that says nothing.
  await transaction.execute(sql`declare public_votes no scroll cursor for
    select extract(epoch from date_trunc('day', ${ballots.createdAt}, 'UTC'))::float8 as day,
      model_a.name as "modelA", model_b.name as "modelB", ${ballots.outcome} as outcome,
      ${ballots.pairProbability} as "pairProbability", ${ballots.turn} as turn,
      ${ballots.language} as language, ${ballots.labels} as labels, ${ballots.facts} as facts
    ${countedVotes(hidden)}
    order by date_trunc('day', ${ballots.createdAt}, 'UTC'),
      sha256(convert_to(${ballots.id}::text, 'UTF8'))`);
  for (;;) {
    signal?.throwIfAborted();
    const rows = await transaction.execute<Row>(
      sql.raw(`fetch forward ${VOTES_A_FETCH} from public_votes`),
    );
    if (rows.length === 0) break;
    yield rows.map(toPublicVote);
  }
  await transaction.execute(sql.raw("close public_votes"));
}

function toPublicVote({ day, facts, labels, turn, ...row }: Row): PublicVote {
  // Of before facts were kept, there are none.
  const known: BallotFacts | undefined = ballotFactsSchema.safeParse(facts).data;
  return {
    ...{ modelA: row.modelA, modelB: row.modelB, outcome: row.outcome, createdAt: day, turn },
    ...{ language: row.language, pairProbability: row.pairProbability },
    categories: categoryNames(toCategories({ ...known, turn, labels })),
    style: known === undefined ? null : { a: toStyle(known.a), b: toStyle(known.b) },
  };
}

const toStyle = ({ tokens, headers, lists, bold }: SideFacts): SideStyle => ({
  ...{ tokens, headers, lists, bold },
});
