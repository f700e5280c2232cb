import { randomBytes } from "node:crypto";
import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import type { BoardHead } from "@/lib/vote-files/board-file";
import { computeBoardFile } from "@/lib/vote-files/compute-board-file";
import { codeVersion } from "./code-version";
import { toFrozenKey } from "./frozen-key";
import { findLiveOptions } from "./live-options";
import { createPublishedBoard, writeBoardLog } from "./published-store";
import {
  lockSnapshots,
  readVoteBytes,
  type SnapshotOptions,
  storeVoteSnapshot,
  type VoteSnapshot,
} from "./vote-snapshot";
import { withVoteFile } from "./with-vote-file";

export type NewPublication = {
  /** In addresses: `createBoardId`. */
  id: string;
  title: string;
  /** A period that moves (`90d`) becomes the days that it means now. */
  key: BoardKey;
};

/** `computeBoardFile`, here or in a thread. */
export type ComputeFile = typeof computeBoardFile;

export type PublishOptions = SnapshotOptions & {
  /** In this thread unless given. */
  compute?: ComputeFile | undefined;
};

export type Publication = VoteSnapshot & {
  id: string;
  key: string;
  /** Votes on the board, of all in the snapshot. */
  boardVotes: number;
  codeVersion: string;
};

/** Eight letters and figures that nobody mistakes for each other: a thousand boards share one with odds of 1 to 10⁶. */
export function createBoardId(): string {
  const letters = "23456789abcdefghjkmnpqrstuvwxyz2";
  return Array.from(randomBytes(8), (byte) => letters[byte & 31]).join("");
}

/**
 * Freezes a board: stores the votes of this moment, computes the board from what was stored, as anyone else
 * will, and tells of it in the public log. All of it or nothing: a process that dies leaves no trace.
 *
 * @throws AppError `conflict` where nobody has voted on that board.
 */
export async function publishBoard(
  db: Database,
  publication: NewPublication,
  { compute = computeBoardFile, ...options }: PublishOptions = {},
): Promise<Publication> {
  const key = toFrozenKey(publication.key, new Date());
  return db.transaction(
    async (transaction) => {
      await lockSnapshots(transaction);
      const snapshot = await storeVoteSnapshot(transaction, options);
      if (snapshot.voteCount === 0) throw noVotes();
      const head: BoardHead = {
        ...{ key: boardKeyText(key), code: codeVersion() },
        options: await findLiveOptions(transaction, key),
        votes: { sha256: snapshot.hash, count: snapshot.voteCount },
      };
      const bytes = readVoteBytes(transaction, snapshot.hash);
      const body = await withVoteFile(bytes, snapshot.hash, (path) => compute(path, head, options));
      const boardVotes = Number(/"voteCount":(\d+)/.exec(body)?.[1]);
      if (boardVotes === 0) throw noVotes();
      const { id, title } = publication;
      await createPublishedBoard(transaction, {
        ...{ id, title, key: head.key, options: head.options, snapshotHash: snapshot.hash },
        ...{ codeVersion: head.code, body },
      });
      await writeBoardLog(transaction, {
        kind: "board-published",
        message: `The board “${title}” was published as ${id}: ${head.key}, from votes with the SHA-256 ${snapshot.hash}.`,
      });
      return { ...snapshot, id, key: head.key, boardVotes, codeVersion: head.code };
    },
    { isolationLevel: "repeatable read" },
  );
}

function noVotes(): AppError {
  return new AppError("conflict", {
    message: "No vote that counts is on this board yet. Choose another category or period.",
  });
}
