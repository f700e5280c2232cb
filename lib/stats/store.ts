import {
  and,
  asc,
  eq,
  gte,
  isNull,
  max,
  min,
  notInArray,
  or,
  type SQLWrapper,
  sql,
} from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, votes } from "@/lib/db/schema/battles";
import { siteDays } from "@/lib/db/schema/boards";
import { conversations, messages } from "@/lib/db/schema/conversations";
import { usageDays } from "@/lib/db/schema/usage";
import { dayIds, dayOfId } from "./days";

/** SQL about days of the site. Rows of a day are found by their ids, which begin with the moment they were made. */

const counted = sql<number>`count(*)`.mapWith(Number);

/** How often, and by how many people. */
export type Counted = { count: number; people: number };

const NOTHING: Counted = { count: 0, people: 0 };
const peopleOf = (column: SQLWrapper) => sql<number>`count(distinct ${column})`.mapWith(Number);

/** A key is one caller, and so are all who call without one. */
export async function countCalls(db: Database, day: string): Promise<Counted> {
  const [row] = await db
    .select({
      count: sql<number>`coalesce(sum(${usageDays.requests}), 0)`.mapWith(Number),
      people: peopleOf(usageDays.owner),
    })
    .from(usageDays)
    .where(eq(usageDays.day, day));
  return row ?? NOTHING;
}

export async function countBattles(db: Database, day: string): Promise<Counted> {
  const [row] = await db
    .select({ count: counted, people: peopleOf(conversations.visitorId) })
    .from(battles)
    .innerJoin(conversations, eq(conversations.id, battles.conversationId))
    .where(and(isOf(day, battles.id), eq(battles.conversationKind, "battle")));
  return row ?? NOTHING;
}

/** Who cast a blind vote, each once; with `beyond`, those who did in another language than these, or in none that is known. */
export async function countVoters(
  db: Database,
  day: string,
  beyond: readonly string[] = [],
): Promise<number> {
  const isBeyond =
    beyond.length === 0
      ? undefined
      : or(isNull(ballots.language), notInArray(ballots.language, [...beyond]));
  const [row] = await db
    .select({ people: peopleOf(votes.visitorId) })
    .from(votes)
    .innerJoin(ballots, eq(ballots.id, votes.id))
    .where(and(isOf(day, votes.id), eq(votes.blind, true), isBeyond));
  return row?.people ?? 0;
}

/** Who asked something on a page, each once. */
export async function countVisitors(db: Database, day: string): Promise<number> {
  const [row] = await db
    .select({ count: peopleOf(conversations.visitorId) })
    .from(messages)
    .innerJoin(conversations, eq(conversations.id, messages.conversationId))
    .where(and(isOf(day, messages.id), eq(messages.role, "user")));
  return row?.count ?? 0;
}

/** Blind votes by outcome. Those of other sites that were imported were not cast here, and have a ballot alone. */
export async function countOutcomes(db: Database, day: string) {
  return db
    .select({ outcome: votes.outcome, count: counted })
    .from(votes)
    .where(and(isOf(day, votes.id), eq(votes.blind, true)))
    .groupBy(votes.outcome);
}

/** The same by the language of the question, and how many people cast them; null: it could not be told. */
export async function countLanguages(db: Database, day: string) {
  return db
    .select({
      language: ballots.language,
      votes: counted,
      people: peopleOf(votes.visitorId),
    })
    .from(votes)
    .innerJoin(ballots, eq(ballots.id, votes.id))
    .where(and(isOf(day, votes.id), eq(votes.blind, true)))
    .groupBy(ballots.language);
}

function isOf(day: string, id: typeof votes.id | typeof battles.id | typeof messages.id) {
  const { from, before } = dayIds(day);
  return sql`${id} >= ${from} and ${id} < ${before}`;
}

/** A day is summed once; a second sum of it changes nothing. */
export async function saveSums(
  db: Database,
  day: string,
  sums: ReadonlyMap<string, number>,
): Promise<void> {
  await db
    .insert(siteDays)
    .values([...sums].map(([what, count]) => ({ day, what, count })))
    .onConflictDoNothing();
}

export async function findLastSummed(db: Database): Promise<string | undefined> {
  const [row] = await db.select({ day: max(siteDays.day) }).from(siteDays);
  return row?.day ?? undefined;
}

/** The first day on which something was asked; undefined where nothing was yet. */
export async function findFirstDay(db: Database): Promise<string | undefined> {
  const [called] = await db.select({ day: min(usageDays.day) }).from(usageDays);
  const [asked] = await db
    .select({ id: messages.id })
    .from(messages)
    .orderBy(asc(messages.id))
    .limit(1);
  const days = [called?.day, asked && dayOfId(asked.id)].filter((day) => day != null);
  return days.sort()[0];
}

export async function readSums(db: Database, from: string) {
  return db.select().from(siteDays).where(gte(siteDays.day, from));
}
