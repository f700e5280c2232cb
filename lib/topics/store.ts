import { and, asc, desc, eq, inArray, isNull, lt, ne, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";
import { ballots } from "@/lib/db/schema/ballots";
import { votes } from "@/lib/db/schema/battles";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { topicPrompts, topicRuns, topics } from "@/lib/db/schema/topics";
import type { Outcome } from "@/lib/rating/outcome";
import { TOPIC_CHARACTERS_MAX, TOPIC_PAGE_PROMPTS, TOPIC_RUN_MS_MAX } from "@/lib/topic-limits";

/** A battle's first prompt, with its vote where that counts. */
export type PromptRow = {
  conversationId: string;
  id: string;
  text: string;
  language: string | null;
  visitorId: string;
  vote: { modelA: string; modelB: string; outcome: Outcome } | null;
};

/** Nobody has said of the conversation that it should not be read, or it was looked at and is in order. */
const isUnblamed = sql`not exists (select 1 from ${reviews} where ${reviews.conversationId} = ${conversations.id}
  and ${reviews.kind} in ('moderation', 'flag') and ${reviews.state} <> 'dismissed')`;

/**
 * A page of the newest first prompts of blind battles whose visitor agreed to the terms, under which
 * conversations are published; the newest first.
 *
 * @param before the conversation that the page before ended with
 */
export async function readPrompts(
  db: Database,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<PromptRow[]> {
  const rows = await db
    .select({
      conversationId: conversations.id,
      id: messages.id,
      text: sql<string>`left(${messages.content}, ${TOPIC_CHARACTERS_MAX})`,
      language: ballots.language,
      visitorId: conversations.visitorId,
      ...{ modelA: ballots.modelAId, modelB: ballots.modelBId, outcome: ballots.outcome },
      isCounted: ballots.counted,
    })
    .from(conversations)
    .innerJoin(visitors, eq(visitors.id, conversations.visitorId))
    .innerJoin(
      messages,
      and(
        eq(messages.conversationId, conversations.id),
        eq(messages.role, "user"),
        isNull(messages.parentId),
      ),
    )
    .leftJoin(votes, and(eq(votes.conversationId, conversations.id), votes.blind))
    .leftJoin(ballots, eq(ballots.id, votes.id))
    .where(
      and(
        eq(conversations.kind, "battle"),
        before === undefined ? undefined : lt(conversations.id, before),
        sql`${visitors.termsVersion} is not null`,
        ne(visitors.standing, "excluded"),
        isUnblamed,
      ),
    )
    .orderBy(desc(conversations.id))
    .limit(Math.min(limit, TOPIC_PAGE_PROMPTS));
  return rows.map(({ modelA, modelB, outcome, isCounted, ...row }) => ({
    ...row,
    vote:
      isCounted && modelA !== null && modelB !== null && outcome !== null
        ? { modelA, modelB, outcome }
        : null,
  }));
}

/** @returns its id; undefined while another sorting is under way. */
export async function beginRun(db: Database, method: string): Promise<string | undefined> {
  return db.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(hashtext('topic-runs'))`);
    const since = sql`now() - ${TOPIC_RUN_MS_MAX} * interval '1 millisecond'`;
    const [running] = await transaction
      .select({ id: topicRuns.id })
      .from(topicRuns)
      .where(and(eq(topicRuns.state, "running"), sql`${topicRuns.startedAt} > ${since}`))
      .limit(1);
    if (running !== undefined) return undefined;
    const [run] = await transaction
      .insert(topicRuns)
      .values({ method, prompts: 0, state: "running" })
      .returning({ id: topicRuns.id });
    return run?.id;
  });
}

export async function failRun(db: Database, id: string, error: string): Promise<void> {
  await db
    .update(topicRuns)
    .set({ state: "failed", error, endedAt: sql`now()` })
    .where(eq(topicRuns.id, id));
}

export type TopicRow = typeof topics.$inferInsert & { id: string };
export type TopicPromptRow = typeof topicPrompts.$inferInsert;

/** Everybody sees the new topics at once, and earlier sortings are gone. */
export async function endRun(
  db: Database,
  run: {
    id: string;
    prompts: number;
    topics: readonly TopicRow[];
    examples: readonly TopicPromptRow[];
  },
): Promise<void> {
  await db.transaction(async (transaction) => {
    if (run.topics.length > 0) await transaction.insert(topics).values([...run.topics]);
    const ids = run.examples.map(({ messageId }) => messageId);
    if (ids.length > 0) {
      // A conversation that was deleted while they were sorted must not come back, nor hold up the others.
      const kept = await transaction
        .select({ id: messages.id })
        .from(messages)
        .where(inArray(messages.id, ids))
        .for("key share");
      const known = new Set(kept.map(({ id }) => id));
      const examples = run.examples.filter(({ messageId }) => known.has(messageId));
      if (examples.length > 0) await transaction.insert(topicPrompts).values(examples);
    }
    await transaction
      .update(topicRuns)
      .set({ state: "done", prompts: run.prompts, endedAt: sql`now()` })
      .where(eq(topicRuns.id, run.id));
    await transaction.delete(topicRuns).where(ne(topicRuns.id, run.id));
  });
}

/** Operators want no topics: what was sorted is gone. */
export async function deleteTopics(db: Database): Promise<void> {
  await db.delete(topicRuns);
}

const newestRun = sql`(select ${topicRuns.id} from ${topicRuns} where ${topicRuns.state} = 'done'
  order by ${topicRuns.endedAt} desc limit 1)`;

export async function findNewestRun(db: Database) {
  const [run] = await db.select().from(topicRuns).where(eq(topicRuns.id, newestRun)).limit(1);
  return run;
}

/** Of one sorting, the largest first. */
export async function readTopics(db: Database, runId: string) {
  return db
    .select({
      ...{ id: topics.id, parentId: topics.parentId, name: topics.name, terms: topics.terms },
      ...{ prompts: topics.prompts, votes: topics.votes },
    })
    .from(topics)
    .where(eq(topics.runId, runId))
    .orderBy(desc(topics.prompts), asc(topics.id));
}

export async function findTopic(db: Database, id: string) {
  const [topic] = await db
    .select()
    .from(topics)
    .where(and(eq(topics.id, id), eq(topics.runId, newestRun)));
  return topic;
}

/** Those whose conversation nobody has reported since they were sorted. */
export async function readExamples(db: Database, topicId: string) {
  return db
    .select({ text: topicPrompts.text, language: topicPrompts.language })
    .from(topicPrompts)
    .innerJoin(messages, eq(messages.id, topicPrompts.messageId))
    .innerJoin(conversations, eq(conversations.id, messages.conversationId))
    .innerJoin(visitors, eq(visitors.id, conversations.visitorId))
    .where(and(eq(topicPrompts.topicId, topicId), eq(visitors.standing, "ok"), isUnblamed))
    .orderBy(asc(topicPrompts.place));
}
