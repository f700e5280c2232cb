import { count, desc, eq, notInArray } from "drizzle-orm";
import { PUBLICATIONS_KEPT, PUBLISHED_BOARDS_MAX } from "@/lib/board-limits";
import type { Database } from "@/lib/db/client";
import { publicLog } from "@/lib/db/schema/ballots";
import { boardPublications, publishedBoards, voteSnapshots } from "@/lib/db/schema/boards";

/** SQL about published boards and those that are being published. */

type NewBoard = Omit<typeof publishedBoards.$inferInsert, "createdAt">;

/** @returns the moment of its publication. */
export async function createPublishedBoard(db: Database, board: NewBoard): Promise<Date> {
  const [row] = await db
    .insert(publishedBoards)
    .values(board)
    .returning({ createdAt: publishedBoards.createdAt });
  return row?.createdAt ?? new Date();
}

const columns = {
  id: publishedBoards.id,
  title: publishedBoards.title,
  key: publishedBoards.key,
  options: publishedBoards.options,
  snapshotHash: publishedBoards.snapshotHash,
  codeVersion: publishedBoards.codeVersion,
  createdAt: publishedBoards.createdAt,
  snapshotVotes: voteSnapshots.voteCount,
  snapshotBytes: voteSnapshots.byteCount,
};

export type PublishedRow = Awaited<ReturnType<typeof readPublishedRows>>[number];

/** The newest first, without their bodies. */
export async function readPublishedRows(db: Database) {
  return db
    .select(columns)
    .from(publishedBoards)
    .innerJoin(voteSnapshots, eq(voteSnapshots.hash, publishedBoards.snapshotHash))
    .orderBy(desc(publishedBoards.createdAt), publishedBoards.id)
    .limit(PUBLISHED_BOARDS_MAX);
}

export async function countPublished(db: Database): Promise<number> {
  const [row] = await db.select({ count: count() }).from(publishedBoards);
  return row?.count ?? 0;
}

export async function findPublishedRow(db: Database, id: string) {
  const [row] = await db
    .select({ ...columns, body: publishedBoards.body })
    .from(publishedBoards)
    .innerJoin(voteSnapshots, eq(voteSnapshots.hash, publishedBoards.snapshotHash))
    .where(eq(publishedBoards.id, id));
  return row;
}

/** @returns its title; undefined where there was none. */
export async function deletePublishedBoard(db: Database, id: string): Promise<string | undefined> {
  const [row] = await db
    .delete(publishedBoards)
    .where(eq(publishedBoards.id, id))
    .returning({ title: publishedBoards.title });
  return row?.title;
}

export async function writeBoardLog(
  db: Database,
  entry: { kind: "board-published" | "board-removed"; message: string },
): Promise<void> {
  await db.insert(publicLog).values({ ...entry, ballots: 0 });
}

export type PublicationRow = typeof boardPublications.$inferSelect;

export async function createPublication(
  db: Database,
  publication: Pick<PublicationRow, "id" | "title" | "key" | "boardId">,
): Promise<void> {
  await db.insert(boardPublications).values({ ...publication, state: "running" });
  const kept = db
    .select({ id: boardPublications.id })
    .from(boardPublications)
    .orderBy(desc(boardPublications.startedAt))
    .limit(PUBLICATIONS_KEPT);
  await db.delete(boardPublications).where(notInArray(boardPublications.id, kept));
}

export async function findPublication(
  db: Database,
  id: string,
): Promise<PublicationRow | undefined> {
  const [row] = await db.select().from(boardPublications).where(eq(boardPublications.id, id));
  return row;
}

export async function updatePublication(
  db: Database,
  id: string,
  change: Partial<Omit<PublicationRow, "id">>,
): Promise<void> {
  await db
    .update(boardPublications)
    .set({ ...change, updatedAt: new Date() })
    .where(eq(boardPublications.id, id));
}

/** The newest first. */
export async function readPublications(db: Database): Promise<PublicationRow[]> {
  return db.select().from(boardPublications).orderBy(desc(boardPublications.startedAt));
}
