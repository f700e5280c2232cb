import { type SQL, sql } from "drizzle-orm";
import { STATS_GROUP_MIN } from "@/lib/arena-limits";
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
 *
 * A language in which fewer than STATS_GROUP_MIN people voted on a day (UTC) is not told of that day, as nowhere.
 */

export type PublicVotesOptions = {
  /**
   * `ended`: of days that have ended. Whoever takes today's twice has in their difference what was voted meanwhile,
   * by somebody whom they may have seen vote. `now`: those of today too.
   */
  until: "ended" | "now";
  /** Tells rare languages too: for the operator, who has them anyway. */
  isExact?: boolean;
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
  options: PublicVotesOptions,
  work: (votes: PublicVotes) => Promise<T>,
): Promise<T> {
  return db.transaction(async (transaction) => work(await openPublicVotes(transaction, options)), {
    isolationLevel: "repeatable read",
    accessMode: "read only",
  });
}

/** The same inside a transaction of the caller's, whose isolation is `repeatable read`. */
export async function openPublicVotes(
  transaction: Database,
  { until, isExact = false, signal }: PublicVotesOptions,
): Promise<PublicVotes> {
  // Sorting a million of them takes seconds, all in the first reading.
  await transaction.execute(sql.raw(`set local statement_timeout = ${VOTE_READ_MS_MAX}`));
  const hidden = toHiddenModels(await readRules(transaction));
  const told = countedVotes(hidden, until);
  const [row] = await transaction.execute<{ count: number }>(
    sql`select count(*)::int as count ${told}`,
  );
  return { count: row?.count ?? 0, batches: readBatches(transaction, { told, isExact, signal }) };
}

const day = sql`date_trunc('day', ${ballots.createdAt}, 'UTC')`;

function countedVotes(hidden: ReadonlySet<string>, until: PublicVotesOptions["until"]): SQL {
  const names = JSON.stringify([...hidden]);
  const hasEnded =
    until === "now" ? sql`true` : sql`${ballots.createdAt} < date_trunc('day', now(), 'UTC')`;
  return sql`from ${ballots} join ${models} as model_a on model_a.id = ${ballots.modelAId}
    join ${models} as model_b on model_b.id = ${ballots.modelBId}
    where ${ballots.counted} and ${hasEnded}
      and not (${names}::jsonb ?| array[model_a.name, model_b.name])`;
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
  { told, isExact, signal }: { told: SQL; isExact: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<PublicVote[]> {
  // Ids begin with their moment; a hash of them is an order that says nothing.
  await transaction.execute(sql`declare public_votes no scroll cursor for
    with spoken as (
      select ${day} as day, ${ballots.language} as language ${told} group by 1, 2
      having ${isExact} or count(distinct ${ballots.voter}) >= ${STATS_GROUP_MIN}
    )
    select extract(epoch from ${day})::float8 as day,
      model_a.name as "modelA", model_b.name as "modelB", ${ballots.outcome} as outcome,
      ${ballots.pairProbability} as "pairProbability", ${ballots.turn} as turn,
      case when (${day}, ${ballots.language}) in (select day, language from spoken)
        then ${ballots.language} end as language,
      ${ballots.labels} as labels, ${ballots.facts} as facts
    ${told}
    order by ${day}, sha256(convert_to(${ballots.id}::text, 'UTF8'))`);
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
