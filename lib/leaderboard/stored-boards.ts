import { eq, inArray } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { boards } from "@/lib/db/schema/boards";
import { type BoardBody, boardBodySchema } from "@/lib/protocol/board-view";
import { type PackedPairs, packedPairsSchema } from "./packed-pairs";

/** A stored board, without its table of pairs, which is as large as the square of its models. */
export type ReadBoard = {
  key: string;
  method: string;
  voteCount: number;
  fingerprint: string;
  computedAt: Date;
  requestedAt: Date | null;
  body: BoardBody;
};

const COLUMNS = {
  ...{ key: boards.key, method: boards.method, voteCount: boards.voteCount },
  ...{ fingerprint: boards.fingerprint, computedAt: boards.computedAt },
  ...{ requestedAt: boards.requestedAt, body: boards.body },
};

/** Undefined where none is stored yet, or what is stored is of a version that this one cannot read. */
export async function findBoard(db: Database, key: string): Promise<ReadBoard | undefined> {
  const [row] = await db.select(COLUMNS).from(boards).where(eq(boards.key, key));
  return row && toReadBoard(row);
}

export async function readBoards(db: Database, keys: readonly string[]): Promise<ReadBoard[]> {
  const rows = await db
    .select(COLUMNS)
    .from(boards)
    .where(inArray(boards.key, [...keys]));
  return rows.flatMap((row) => toReadBoard(row) ?? []);
}

/** Votes of each stored board, by key. */
export async function readVoteCountsOfBoards(db: Database): Promise<Map<string, number>> {
  const rows = await db.select({ key: boards.key, votes: boards.voteCount }).from(boards);
  return new Map(rows.map(({ key, votes }) => [key, votes]));
}

export type ReadPairs = {
  /** The board's rated models, in its order: the one in which its pairs are told. */
  rated: { modelId: string; rating: number }[];
  pairs: PackedPairs;
};

/** The pairs of a board; undefined as above. */
export async function findPairs(db: Database, key: string): Promise<ReadPairs | undefined> {
  const [row] = await db
    .select({ body: boards.body, pairs: boards.pairs })
    .from(boards)
    .where(eq(boards.key, key));
  const body = boardBodySchema.safeParse(row?.body).data;
  const pairs = packedPairsSchema.safeParse(row?.pairs).data;
  if (body === undefined || pairs === undefined) return undefined;
  const rated = body.entries.flatMap(({ modelId, status, rating }) =>
    status === "rated" && rating !== null ? [{ modelId, rating }] : [],
  );
  return { rated, pairs };
}

function toReadBoard(row: Omit<ReadBoard, "body"> & { body: unknown }): ReadBoard | undefined {
  const body = boardBodySchema.safeParse(row.body);
  return body.success ? { ...row, body: body.data } : undefined;
}
