import { and, eq, inArray } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { marks, reviews } from "@/lib/db/schema/arena";
import { messages } from "@/lib/db/schema/conversations";
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

/** Returns whether it was not there before. */
export async function createMark(
  db: Database,
  mark: { messageId: string; kind: MarkKind; note: string | null },
): Promise<boolean> {
  const created = await db
    .insert(marks)
    .values(mark)
    .onConflictDoNothing()
    .returning({ kind: marks.kind });
  if (created.length === 0 && mark.note !== null) {
    await db
      .update(marks)
      .set({ note: mark.note })
      .where(and(eq(marks.messageId, mark.messageId), eq(marks.kind, mark.kind)));
  }
  return created.length > 0;
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

/** A reported answer waits for an operator's eyes. */
export async function createFlagReview(
  db: Database,
  flag: { visitorId: string; conversationId: string; messageId: string; note: string | null },
): Promise<void> {
  const { note, ...of } = flag;
  await db.insert(reviews).values({ ...of, kind: "flag", evidence: { note } });
}
