import { createHash } from "node:crypto";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
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

/** @throws AppError `not-found` */
export async function getPublished(id: string, db: Database = database()): Promise<PublishedBoard> {
  const board = await readPublished(id, db);
  if (board === undefined) throw noBoard(id);
  return board;
}

/** Its file, byte for byte, with the SHA-256 of that. @throws AppError `not-found` */
export async function getPublishedFile(
  id: string,
  db: Database = database(),
): Promise<{ hash: string; text: string }> {
  const row = await findPublishedRow(db, id);
  if (row === undefined) throw noBoard(id);
  return { hash: createHash("sha256").update(row.body).digest("hex"), text: row.body };
}

/** By which hash its votes are stored. @throws AppError `not-found` */
export async function getSnapshotHash(id: string, db: Database = database()): Promise<string> {
  const row = await findPublishedRow(db, id);
  if (row === undefined) throw noBoard(id);
  return row.snapshotHash;
}

function noBoard(id: string): AppError {
  // What was asked for is the asker's own word, and may be long.
  const name = /^\w{1,32}$/.test(id) ? `"${id}"` : "of this id";
  return new AppError("not-found", {
    message: `There is no published board ${name}. ${"`GET /api/leaderboard/published`"} lists them; one that was removed stands in the public log.`,
  });
}
