import { and, eq, notInArray } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { publishedBoards, voteSnapshotParts, voteSnapshots } from "@/lib/db/schema/boards";

/** SQL about snapshots of votes. */

type NewSnapshot = Pick<typeof voteSnapshots.$inferInsert, "hash" | "voteCount" | "byteCount">;

/** @returns false where one of that hash is stored. */
export async function createSnapshot(db: Database, snapshot: NewSnapshot): Promise<boolean> {
  const rows = await db
    .insert(voteSnapshots)
    .values(snapshot)
    .onConflictDoNothing()
    .returning({ hash: voteSnapshots.hash });
  return rows.length > 0;
}

export async function createPart(
  db: Database,
  part: typeof voteSnapshotParts.$inferInsert,
): Promise<void> {
  await db.insert(voteSnapshotParts).values(part);
}

/** In place of those that are there. */
export async function adoptParts(
  db: Database,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db.delete(voteSnapshotParts).where(eq(voteSnapshotParts.hash, to));
  await db.update(voteSnapshotParts).set({ hash: to }).where(eq(voteSnapshotParts.hash, from));
}

/** With its parts. */
export async function deleteSnapshot(db: Database, hash: string): Promise<void> {
  await db.delete(voteSnapshots).where(eq(voteSnapshots.hash, hash));
}

export async function findPart(
  db: Database,
  hash: string,
  part: number,
): Promise<Buffer | undefined> {
  const [row] = await db
    .select({ content: voteSnapshotParts.content })
    .from(voteSnapshotParts)
    .where(and(eq(voteSnapshotParts.hash, hash), eq(voteSnapshotParts.part, part)));
  return row && Buffer.from(row.content);
}

/** Those that no published board names. */
export async function deleteUnnamedSnapshots(db: Database): Promise<void> {
  const named = db.select({ hash: publishedBoards.snapshotHash }).from(publishedBoards);
  await db.delete(voteSnapshots).where(notInArray(voteSnapshots.hash, named));
}
