import { randomBytes } from "node:crypto";
import { and, asc, eq, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";
import { battles, votes } from "@/lib/db/schema/battles";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { responses } from "@/lib/db/schema/responses";
import { feedback, usageRecords } from "@/lib/db/schema/usage";
import { ANSWER_STALE_AFTER_MS } from "@/lib/limits";
import type { ConversationKind } from "@/lib/protocol/conversation-view";
import {
  type ExcerptPart,
  markText,
  type SearchQuery,
  toLikePattern,
  toParts,
} from "./search-query";

/** SQL about a visitor's conversations as a list, and about their end. */

export type ItemRow = {
  id: string;
  kind: ConversationKind;
  title: string | null;
  /** The beginning of its first prompt. */
  prompt: string;
  /** Empty where they may not be told yet. */
  models: string[];
  updatedAt: string;
  /** The same in whole microseconds, by which a list goes on. */
  updatedMicros: string;
  isRunning: boolean;
  excerpt: ExcerptPart[] | null;
};

/** Where a list goes on: after the conversation that was its last. */
export type ListPlace = { updatedMicros: string; id: string };

const PROMPT_CHARACTERS = 400;
const EXCERPT_CHARACTERS = 200;
const CHARACTERS_BEFORE_HIT = 60;

type Hits = { with: SQL; join: SQL; excerpt: SQL; read: (excerpt: string) => ExcerptPart[] };

/** The visitor's conversations, the newest first; of a search those in which it finds something. */
export async function readItems(
  db: Database,
  list: {
    visitorId: string;
    limit: number;
    after?: ListPlace | undefined;
    search?: SearchQuery | undefined;
    id?: string | undefined;
  },
): Promise<ItemRow[]> {
  const { visitorId, limit, after, search, id } = list;
  const hits = search && toHits(search, visitorId);
  const rows = await db.execute<Omit<ItemRow, "excerpt"> & { excerpt: string | null }>(sql`
    ${hits ? sql`with ${hits.with}, ` : sql`with `} page as (
      select c.*${hits ? sql`, hits.message_id` : sql``}
      from ${conversations} as c
      ${hits?.join ?? sql``}
      where c.visitor_id = ${visitorId}
        ${id === undefined ? sql`` : sql`and c.id = ${id}`}
        ${after ? sql`and (c.updated_at, c.id) < ('epoch'::timestamptz + ${after.updatedMicros}::bigint * interval '1 microsecond', ${after.id}::uuid)` : sql``}
      order by c.updated_at desc, c.id desc
      limit ${limit}
    )
    select c.id, c.kind, c.title, coalesce(first.content, '') as prompt,
      case when c.kind = 'battle' and not exists (
        select from ${votes} as v where v.battle_id = pair.id and v.blind
      ) then array[]::text[] else array_remove(array[one.name, a.name, b.name], null) end as models,
      c.updated_at as "updatedAt",
      (extract(epoch from c.updated_at) * 1000000)::bigint::text as "updatedMicros",
      exists (
        select from ${messages} as m where m.conversation_id = c.id and m.status = 'streaming'
          and m.updated_at > now() - make_interval(secs => ${ANSWER_STALE_AFTER_MS / 1000})
      ) as "isRunning",
      ${hits?.excerpt ?? sql`null`} as excerpt
    from page as c
    left join lateral (
      select left(m.content, ${PROMPT_CHARACTERS}) as content from ${messages} as m
      where m.conversation_id = c.id and m.role = 'user' order by m.id limit 1
    ) as first on true
    left join ${models} as one on one.id = c.model_id
    left join ${battles} as pair on pair.conversation_id = c.id
    left join ${models} as a on a.id = pair.model_a_id
    left join ${models} as b on b.id = pair.model_b_id
    ${hits ? sql`left join ${messages} as found on found.id = c.message_id` : sql``}
    order by c.updated_at desc, c.id desc`);
  return rows.map(({ excerpt, ...row }) => ({
    ...row,
    excerpt: excerpt === null || !hits ? null : hits.read(excerpt),
  }));
}

/**
 * Messages that a search finds, one a conversation, the newest. Of a battle that is being answered only
 * prompts are looked at: one side's words may stand here before the page shows them. The query stands in
 * each place as it is, and not by a name: only so does the planner know whether its words are rare, and
 * begins with the index of words or with the visitor's own messages.
 */
function toHits(search: SearchQuery, visitorId: string): Hits {
  const isWords = search.kind === "words";
  const words = isWords ? toTsQuery(search) : sql`null::tsquery`;
  const isHit = isWords
    ? sql`m.search @@ ${words}`
    : sql`m.content ilike ${toLikePattern(search.text)}`;
  const isTitle = isWords
    ? sql`to_tsvector('simple', c.title) @@ ${words}`
    : sql`c.title ilike ${toLikePattern(search.text)}`;
  const hits = sql`
    hits as (
      select found.id, max(found.message_id::text)::uuid as message_id
      from (
        select c.id, m.id as message_id
        from ${messages} as m
        join ${conversations} as c on c.id = m.conversation_id
        where c.visitor_id = ${visitorId} and ${isHit}
          and (m.role = 'user' or c.kind <> 'battle' or not exists (
            select from ${messages} as r where r.conversation_id = c.id and r.status = 'streaming'))
        union all
        select c.id, null from ${conversations} as c
        where c.visitor_id = ${visitorId} and c.title is not null and ${isTitle}
      ) as found
      group by found.id
    )`;
  const join = sql`join hits on hits.id = c.id`;
  if (!isWords) {
    const at = sql`strpos(lower(found.content), lower(${search.text}))`;
    return {
      ...{ with: hits, join },
      excerpt: sql`substr(found.content, greatest(1, ${at} - ${CHARACTERS_BEFORE_HIT}), ${EXCERPT_CHARACTERS})`,
      read: (excerpt) => markText(excerpt, search.text),
    };
  }
  // Drawn anew for each search, so that no text holds them.
  const marks = { start: `[${mark()}]`, stop: `[/${mark()}]` };
  const options = `StartSel=${marks.start}, StopSel=${marks.stop}, MaxFragments=1, MinWords=12, MaxWords=32`;
  return {
    ...{ with: hits, join },
    excerpt: sql`ts_headline('simple', left(found.content, 100000), ${words}, ${options})`,
    read: (excerpt) => toParts(excerpt, marks),
  };
}

const mark = () => randomBytes(9).toString("hex");

/** Quotes, `or` and `-` as people know them from search engines; the last word may go on. */
function toTsQuery({ text, isUnfinished }: { text: string; isUnfinished: boolean }): SQL {
  const words = sql`websearch_to_tsquery('simple', ${text})`;
  if (!isUnfinished) return words;
  // A query that ends with a group or is empty has no last word to be gone on with.
  return sql`(case when right(${words}::text, 1) = '''' then (${words}::text || ':*')::tsquery else ${words} end)`;
}

/** Ids of all that a visitor said, the oldest first. */
export async function readConversationIds(db: Database, visitorId: string): Promise<string[]> {
  const rows = await db
    .select({ id: conversations.id })
    .from(conversations)
    .where(eq(conversations.visitorId, visitorId))
    .orderBy(asc(conversations.createdAt), asc(conversations.id));
  return rows.map(({ id }) => id);
}

const own = ({ id, visitorId }: { id: string; visitorId: string }) =>
  and(eq(conversations.id, id), eq(conversations.visitorId, visitorId));

/** @returns whether there is such a conversation among the visitor's. */
export async function saveTitle(
  db: Database,
  by: { id: string; visitorId: string; title: string | null },
): Promise<boolean> {
  const rows = await db
    .update(conversations)
    .set({ title: by.title })
    .where(own(by))
    .returning({ id: conversations.id });
  return rows.length > 0;
}

/**
 * With all that was said in it, its votes, what was made public of it and the words that wait for an
 * operator's eyes. Its ballots stay. Under the visitor's lock.
 *
 * @returns whether there was such a conversation among the visitor's.
 */
export async function deleteConversationRow(
  db: Database,
  by: { id: string; visitorId: string },
): Promise<boolean> {
  // Before the conversation, whose end takes its id from them.
  const { id, visitorId } = by;
  await db
    .delete(reviews)
    .where(
      and(
        eq(reviews.conversationId, id),
        eq(reviews.visitorId, visitorId),
        ne(reviews.kind, "anomaly"),
      ),
    );
  const rows = await db.delete(conversations).where(own(by)).returning({ id: conversations.id });
  return rows.length > 0;
}

/** What usage says in the place of a visitor who is gone. */
const GONE = "visitor:gone";

/** @returns how many conversations there were. */
export async function deleteVisitorRows(db: Database, visitorId: string): Promise<number> {
  return db.transaction(async (transaction) => {
    // Nothing new may point at them from here on.
    await transaction
      .select({ id: visitors.id })
      .from(visitors)
      .where(eq(visitors.id, visitorId))
      .for("update");
    const gone = await transaction
      .delete(conversations)
      .where(eq(conversations.visitorId, visitorId))
      .returning({ id: conversations.id });
    const owner = `visitor:${visitorId}`;
    await transaction.delete(responses).where(eq(responses.owner, owner));
    await transaction
      .update(usageRecords)
      .set({ owner: GONE })
      .where(eq(usageRecords.owner, owner));
    await transaction
      .update(feedback)
      .set({ owner: GONE, comment: null })
      .where(eq(feedback.owner, owner));
    // Their evidence is words that were said; of votes that were looked at there are numbers alone.
    await transaction
      .delete(reviews)
      .where(and(eq(reviews.visitorId, visitorId), ne(reviews.kind, "anomaly")));
    await transaction.delete(visitors).where(eq(visitors.id, visitorId));
    return gone.length;
  });
}
