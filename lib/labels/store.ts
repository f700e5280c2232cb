import { and, desc, eq, isNotNull, isNull, lt, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";
import { ballots } from "@/lib/db/schema/ballots";
import { votes } from "@/lib/db/schema/battles";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { LABEL_CHARACTERS_MAX } from "@/lib/label-limits";

/** All prompts of a battle until its vote, the earliest first, as ballots' marks see them. */
export type UnlabelledRow = { id: string; prompt: string };

/** Counted ballots without labels whose conversation is still there, and whose visitor agreed to the terms. */
const isOpen = (since: Date | undefined): SQL | undefined =>
  and(
    ballots.counted,
    isNull(ballots.labels),
    since === undefined ? undefined : sql`${ballots.createdAt} >= ${since.toISOString()}`,
    isNotNull(visitors.termsVersion),
    ne(visitors.standing, "excluded"),
    sql`not exists (select 1 from ${reviews} where ${reviews.conversationId} = ${conversations.id}
      and ${reviews.kind} in ('moderation', 'flag') and ${reviews.state} <> 'dismissed')`,
  );

const prompts = sql<string>`(select left(string_agg(${messages.content}, E'\n' order by ${messages.id}), ${LABEL_CHARACTERS_MAX})
  from ${messages} where ${messages.conversationId} = ${conversations.id} and ${messages.role} = 'user'
  and ${messages.createdAt} <= ${votes.createdAt})`;

/** The newest first. @param before the ballot that the page before ended with */
export async function readUnlabelled(
  db: Database,
  { since, before, limit }: { since: Date | undefined; before: string | undefined; limit: number },
): Promise<UnlabelledRow[]> {
  const rows = await db
    .select({ id: ballots.id, prompt: prompts })
    .from(ballots)
    .innerJoin(votes, eq(votes.id, ballots.id))
    .innerJoin(conversations, eq(conversations.id, votes.conversationId))
    .innerJoin(visitors, eq(visitors.id, conversations.visitorId))
    .where(and(isOpen(since), before === undefined ? undefined : lt(ballots.id, before)))
    .orderBy(desc(ballots.id))
    .limit(limit);
  return rows.map(({ id, prompt }) => ({ id, prompt: prompt ?? "" }));
}

export async function countUnlabelled(db: Database, since: Date | undefined): Promise<number> {
  const [row] = await db
    .select({ count: sql`count(*)`.mapWith(Number) })
    .from(ballots)
    .innerJoin(votes, eq(votes.id, ballots.id))
    .innerJoin(conversations, eq(conversations.id, votes.conversationId))
    .innerJoin(visitors, eq(visitors.id, conversations.visitorId))
    .where(isOpen(since));
  return row?.count ?? 0;
}

/** Boards follow, since the row was changed. Labels that stand there already stay. */
export async function writeLabels(
  db: Database,
  id: string,
  labels: readonly string[],
): Promise<void> {
  await db
    .update(ballots)
    .set({ labels: [...labels] })
    .where(and(eq(ballots.id, id), isNull(ballots.labels)));
}

/** The newest ballots that have labels. */
export async function readLabelled(db: Database, limit: number) {
  return db
    .select({ turn: ballots.turn, labels: ballots.labels, facts: ballots.facts })
    .from(ballots)
    .where(isNotNull(ballots.labels))
    .orderBy(desc(ballots.id))
    .limit(limit);
}
