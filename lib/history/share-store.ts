import { and, count, desc, eq, isNull, sql } from "drizzle-orm";
import * as z from "zod";
import type { Database } from "@/lib/db/client";
import { shares } from "@/lib/db/schema/arena";
import { type SharedConversation, sharedConversationSchema } from "@/lib/protocol/share";

/** SQL about what was made public. */

/** What `shares.content` holds. */
const contentSchema = z.object({ mayBeFound: z.boolean(), conversation: sharedConversationSchema });

export type ShareRow = {
  id: string;
  createdAt: Date;
  mayBeFound: boolean;
  conversation: SharedConversation;
};

type Own = { conversationId: string; visitorId: string };

export async function createShareRow(
  db: Database,
  row: Own & { id: string; mayBeFound: boolean; conversation: SharedConversation },
): Promise<Date> {
  const { id, conversationId, visitorId, mayBeFound, conversation } = row;
  const content = { mayBeFound, conversation };
  const [created] = await db
    .insert(shares)
    .values({ id, conversationId, visitorId, content })
    .returning({ createdAt: shares.createdAt });
  return created?.createdAt ?? new Date();
}

const standing = ({ conversationId, visitorId }: Own) =>
  and(
    eq(shares.conversationId, conversationId),
    eq(shares.visitorId, visitorId),
    isNull(shares.revokedAt),
  );

export async function countShares(db: Database, own: Own): Promise<number> {
  const [row] = await db.select({ count: count() }).from(shares).where(standing(own));
  return row?.count ?? 0;
}

/** Of one conversation, the newest first, without what they show. */
export async function readShares(db: Database, own: Own) {
  return db
    .select({
      id: shares.id,
      createdAt: shares.createdAt,
      mayBeFound: sql<boolean>`coalesce((${shares.content} -> 'mayBeFound')::boolean, false)`,
    })
    .from(shares)
    .where(standing(own))
    .orderBy(desc(shares.createdAt), shares.id);
}

/** All of a visitor's that stand, the newest first. */
export async function readSharesOfVisitor(db: Database, visitorId: string) {
  return db
    .select({
      id: shares.id,
      conversationId: shares.conversationId,
      title: sql<string>`${shares.content} -> 'conversation' ->> 'title'`,
      createdAt: shares.createdAt,
      mayBeFound: sql<boolean>`coalesce((${shares.content} -> 'mayBeFound')::boolean, false)`,
    })
    .from(shares)
    .where(and(eq(shares.visitorId, visitorId), isNull(shares.revokedAt)))
    .orderBy(desc(shares.createdAt), shares.id);
}

/** Undefined for one that never was, or is revoked. */
export async function findShare(db: Database, id: string): Promise<ShareRow | undefined> {
  const [row] = await db
    .select({ content: shares.content, createdAt: shares.createdAt })
    .from(shares)
    .where(and(eq(shares.id, id), isNull(shares.revokedAt)));
  return row && { id, createdAt: row.createdAt, ...contentSchema.parse(row.content) };
}

/** Its words go with it. @returns whether it was the visitor's and stood. */
export async function revokeShareRow(
  db: Database,
  { id, visitorId }: { id: string; visitorId: string },
): Promise<boolean> {
  const rows = await db
    .update(shares)
    .set({ revokedAt: sql`now()`, content: {} })
    .where(and(eq(shares.id, id), eq(shares.visitorId, visitorId), isNull(shares.revokedAt)))
    .returning({ id: shares.id });
  return rows.length > 0;
}
