import { createHash } from "node:crypto";
import { type Database, database } from "@/lib/db/client";
import type { PublishedBoard } from "@/lib/protocol/board-view";
import type { PublishedList } from "@/lib/protocol/published-view";
import { parseBoardFile } from "@/lib/vote-files/board-file";
import { findPublishedRow, type PublishedRow, readPublishedRows } from "./published-store";

/** Published boards, the newest first. */
export async function listPublished(db: Database = database()): Promise<PublishedList["boards"]> {
  return (await readPublishedRows(db)).map(toListed);
}

function toListed(row: PublishedRow): PublishedList["boards"][number] {
  const { id, title, key, snapshotHash, codeVersion, createdAt, snapshotVotes } = row;
  return {
    ...{ id, title, key, snapshotHash, codeVersion, snapshotVotes },
    createdAt: createdAt.toISOString(),
  };
}

/** Undefined where there is none of that id. */
export async function readPublished(
  id: string,
  db: Database = database(),
): Promise<PublishedBoard | undefined> {
  const row = await findPublishedRow(db, id);
  if (row === undefined) return undefined;
  const { options, voteCount, rows, coefficients } = parseBoardFile(row.body);
  return {
    ...toListed(row),
    boardHash: createHash("sha256").update(row.body).digest("hex"),
    ...{ options, voteCount, rows, coefficients },
  };
}

/** Its file, byte for byte; undefined where there is none of that id. */
export async function readPublishedFile(
  id: string,
  db: Database = database(),
): Promise<string | undefined> {
  return (await findPublishedRow(db, id))?.body;
}

export type PublishedVotes = { hash: string; voteCount: number; byteCount: number };

/** Which votes it was computed from. */
export async function findPublishedVotes(
  id: string,
  db: Database = database(),
): Promise<PublishedVotes | undefined> {
  const row = await findPublishedRow(db, id);
  return (
    row && {
      ...{ hash: row.snapshotHash, voteCount: row.snapshotVotes },
      byteCount: row.snapshotBytes,
    }
  );
}
