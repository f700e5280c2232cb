import { and, eq, inArray } from "drizzle-orm";
import { OPEN_REVIEWS_A_VISITOR_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { marks, reviews } from "@/lib/db/schema/arena";
import { messages } from "@/lib/db/schema/conversations";
import { AppError } from "@/lib/errors";
import { countOpenReviews } from "@/lib/moderation/store";
import type { MarkKind } from "@/lib/protocol/conversation-view";

/** What visitors say of single answers. */

/** By answer. */
export async function readMarks(
  db: Database,
  conversationId: string,
): Promise<ReadonlyMap<string, MarkKind[]>> {
  const rows = await db
    .select({ messageId: marks.messageId, kind: marks.kind })
    .from(marks)
    .innerJoin(messages, eq(messages.id, marks.messageId))
    .where(eq(messages.conversationId, conversationId))
    .orderBy(marks.kind);
  const byAnswer = new Map<string, MarkKind[]>();
  for (const { messageId, kind } of rows) {
    byAnswer.set(messageId, [...(byAnswer.get(messageId) ?? []), kind]);
  }
  return byAnswer;
}

/** With its note, where one is given, in the place of the one before. */
export async function createMark(
  db: Database,
  mark: { messageId: string; kind: MarkKind; note: string | null },
): Promise<void> {
  const creating = db.insert(marks).values(mark);
  if (mark.note === null) await creating.onConflictDoNothing();
  else {
    const { note } = mark;
    await creating.onConflictDoUpdate({ target: [marks.messageId, marks.kind], set: { note } });
  }
}

export async function deleteMarks(
  db: Database,
  messageId: string,
  kinds: readonly MarkKind[],
): Promise<void> {
  await db
    .delete(marks)
    .where(and(eq(marks.messageId, messageId), inArray(marks.kind, [...kinds])));
}

/**
 * A reported answer waits for an operator's eyes, once, with what its visitor said last. What an operator has
 * decided of it stays decided. Under the visitor's lock.
 *
 * @throws AppError `quota-exceeded` while too much of the visitor's waits already.
 */
export async function createFlagReview(
  db: Database,
  flag: { visitorId: string; conversationId: string; messageId: string; note: string | null },
): Promise<void> {
  const { note, ...of } = flag;
  const known = await db
    .select({ id: reviews.id, state: reviews.state })
    .from(reviews)
    .where(and(eq(reviews.messageId, flag.messageId), eq(reviews.kind, "flag")));
  const open = known.find(({ state }) => state === "open");
  if (open !== undefined) {
    if (note === null) return;
    await db.update(reviews).set({ evidence: { note } }).where(eq(reviews.id, open.id));
    return;
  }
  if (known.length > 0) return;
  if ((await countOpenReviews(db, flag.visitorId)) >= OPEN_REVIEWS_A_VISITOR_MAX) throw tooMany();
  await db.insert(reviews).values({ ...of, kind: "flag", evidence: { note } });
}

/** A report that is taken back waits for nobody. */
export async function deleteFlagReview(db: Database, messageId: string): Promise<void> {
  await db
    .delete(reviews)
    .where(
      and(eq(reviews.messageId, messageId), eq(reviews.kind, "flag"), eq(reviews.state, "open")),
    );
}

function tooMany(): AppError {
  return new AppError("quota-exceeded", {
    message: `${OPEN_REVIEWS_A_VISITOR_MAX} of your reports and questions wait to be looked at. Report this answer when some of them were, or take another report back.`,
    param: "kind",
  });
}
