import { and, asc, count, desc, eq, isNotNull, type SQL, sql } from "drizzle-orm";
import { EVIDENCE_CHARACTERS_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";
import { ballots, publicLog } from "@/lib/db/schema/ballots";
import { messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import type { ReviewState } from "@/lib/protocol/review-view";

/** SQL about reviews, excluded visitors, withdrawn models and the public log. */

export type ReviewRow = Awaited<ReturnType<typeof readReviews>>[number];

const votesOf = (isCounted: boolean) =>
  sql`(select count(*) from ${ballots} where ${ballots.voter} = ${visitors.voter}
    and ${ballots.counted} = ${isCounted})`.mapWith(Number);

const visitorColumns = {
  voter: visitors.voter,
  isExcluded: sql<boolean>`${visitors.standing} = 'excluded'`,
  counted: votesOf(true),
  uncounted: votesOf(false),
};

export async function readReviews(db: Database, state: ReviewState, limit: number) {
  return db
    .select({
      id: reviews.id,
      kind: reviews.kind,
      state: reviews.state,
      evidence: reviews.evidence,
      createdAt: reviews.createdAt,
      decidedAt: reviews.decidedAt,
      visitor: visitorColumns,
      answer: {
        model: models.name,
        text: sql<string>`left(${messages.content}, ${EVIDENCE_CHARACTERS_MAX})`,
      },
    })
    .from(reviews)
    .leftJoin(visitors, eq(visitors.id, reviews.visitorId))
    .leftJoin(messages, eq(messages.id, reviews.messageId))
    .leftJoin(models, eq(models.id, messages.modelId))
    .where(eq(reviews.state, state))
    .orderBy(desc(reviews.createdAt), desc(reviews.id))
    .limit(limit);
}

export async function countOpenReviews(db: Database): Promise<number> {
  const [row] = await db.select({ count: count() }).from(reviews).where(eq(reviews.state, "open"));
  return row?.count ?? 0;
}

export async function readExcluded(db: Database, limit: number) {
  return db
    .select(visitorColumns)
    .from(visitors)
    .where(eq(visitors.standing, "excluded"))
    .orderBy(desc(visitors.createdAt))
    .limit(limit);
}

/** @returns of what kind it was; undefined where none of that id is open. */
export async function closeReview(db: Database, id: string, state: "dismissed" | "upheld") {
  const [row] = await db
    .update(reviews)
    .set({ state, decidedAt: sql`now()` })
    .where(and(eq(reviews.id, id), eq(reviews.state, "open")))
    .returning({ kind: reviews.kind });
  return row;
}

/**
 * The voter whom an open review is about. Waits for a vote of theirs that is just being written and lets no
 * other begin until the transaction ends.
 */
export async function lockVoterUnderReview(
  db: Database,
  reviewId: string,
): Promise<string | undefined> {
  const reviewed = db
    .select({ id: reviews.visitorId })
    .from(reviews)
    .where(and(eq(reviews.id, reviewId), eq(reviews.state, "open")));
  const [row] = await db
    .select({ voter: visitors.voter })
    .from(visitors)
    .where(eq(visitors.id, reviewed))
    .for("no key update");
  return row?.voter;
}

/** @returns the visitor's id where their standing was another one. */
export async function setStanding(
  db: Database,
  voter: string,
  standing: "ok" | "excluded",
): Promise<string | undefined> {
  const [row] = await db
    .update(visitors)
    .set({ standing })
    .where(and(eq(visitors.voter, voter), sql`${visitors.standing} <> ${standing}`))
    .returning({ id: visitors.id });
  return row?.id;
}

export async function isKnownVoter(db: Database, voter: string): Promise<boolean> {
  const [visitor] = await db
    .select({ voter: visitors.voter })
    .from(visitors)
    .where(eq(visitors.voter, voter));
  if (visitor) return true;
  // Gone, with votes that stay.
  const [ballot] = await db
    .select({ id: ballots.id })
    .from(ballots)
    .where(eq(ballots.voter, voter))
    .limit(1);
  return ballot !== undefined;
}

export async function upholdAnomalies(db: Database, visitorId: string): Promise<void> {
  await db
    .update(reviews)
    .set({ state: "upheld", decidedAt: sql`now()` })
    .where(
      and(eq(reviews.visitorId, visitorId), eq(reviews.kind, "anomaly"), eq(reviews.state, "open")),
    );
}

/** @returns the model's id where it was not withdrawn before, or was. */
export async function setWithdrawn(
  db: Database,
  name: string,
  isWithdrawn: boolean,
): Promise<string | undefined> {
  const [row] = await db
    .update(models)
    .set({ withdrawnAt: isWithdrawn ? sql`now()` : null })
    .where(and(eq(models.name, name), sql`(${models.withdrawnAt} is null) = ${isWithdrawn}`))
    .returning({ id: models.id });
  return row?.id;
}

export async function isKnownModel(db: Database, name: string): Promise<boolean> {
  const [row] = await db.select({ id: models.id }).from(models).where(eq(models.name, name));
  return row !== undefined;
}

export type BallotReason = NonNullable<(typeof ballots.$inferSelect)["uncountedReason"]>;
/** Whose ballots: a voter's, or those on a model. */
export type BallotSubject = { voter: string } | { modelId: string };

function ballotsOf(subject: BallotSubject): SQL {
  if ("voter" in subject) return sql`${ballots.voter} = ${subject.voter}`;
  const { modelId } = subject;
  return sql`(${ballots.modelAId} = ${modelId} or ${ballots.modelBId} = ${modelId})`;
}

/** Ballots that count no longer do; those that did not keep the reason they have. */
export async function uncountBallots(
  db: Database,
  subject: BallotSubject,
  reason: BallotReason,
): Promise<number> {
  const rows = await db
    .update(ballots)
    .set({ counted: false, uncountedReason: reason })
    .where(and(ballots.counted, ballotsOf(subject)))
    .returning({ id: ballots.id });
  return rows.length;
}

/**
 * Ballots that did not count for this reason alone count again, but for those that another decision speaks
 * against by now, which get its reason.
 *
 * @param holdsFlagged whether a flag on a visitor that was not dismissed speaks against their votes
 * @returns how many count again.
 */
export async function recountBallots(
  db: Database,
  subject: BallotSubject,
  reason: BallotReason,
  { holdsFlagged }: { holdsFlagged: boolean },
): Promise<number> {
  const withdrawn = sql`exists (select 1 from ${models} where ${models.withdrawnAt} is not null
    and ${models.id} in (${ballots.modelAId}, ${ballots.modelBId}))`;
  const excluded = sql`exists (select 1 from ${visitors}
    where ${visitors.voter} = ${ballots.voter} and ${visitors.standing} = 'excluded')`;
  const flagged = sql`exists (select 1 from ${reviews}
    join ${visitors} on ${visitors.id} = ${reviews.visitorId}
    where ${visitors.voter} = ${ballots.voter} and ${reviews.kind} = 'anomaly'
    and ${reviews.state} <> 'dismissed')`;
  const held = sql`${holdsFlagged}::boolean and ${flagged}`;
  const next = sql`case when ${withdrawn} then 'withdrawn-model' when ${excluded} then 'excluded-visitor'
    when ${held} then 'flagged-visitor' end`;
  const rows = await db
    .update(ballots)
    .set({ uncountedReason: next, counted: sql`(${next}) is null` })
    .where(and(eq(ballots.uncountedReason, reason), ballotsOf(subject)))
    .returning({ counted: ballots.counted });
  return rows.filter(({ counted }) => counted).length;
}

export async function writePublicLog(
  db: Database,
  entry: Pick<typeof publicLog.$inferInsert, "kind" | "message" | "ballots">,
): Promise<void> {
  await db.insert(publicLog).values(entry);
}

export async function readWithdrawnNames(db: Database): Promise<string[]> {
  const rows = await db
    .select({ name: models.name })
    .from(models)
    .where(isNotNull(models.withdrawnAt))
    .orderBy(asc(models.name));
  return rows.map(({ name }) => name);
}
