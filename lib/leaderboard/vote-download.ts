import {
  FROZEN_DOWNLOADS_A_NETWORK_MAX,
  FROZEN_DOWNLOADS_MAX,
  VOTE_DOWNLOADS_MAX,
} from "@/lib/board-limits";
import { type Database, database } from "@/lib/db/client";
import { processSingleton } from "@/lib/util/process-singleton";
import { toParquet } from "@/lib/vote-files/parquet-votes";
import { type PublicVote, toVoteLine } from "@/lib/vote-files/vote-line";
import { Downloads } from "./downloads";
import { withPublicVotes } from "./public-votes";
import { readPackedVotes, readVoteBytes } from "./vote-snapshot";

export type VoteFormat = "jsonl" | "parquet";

type Context = {
  db?: Database;
  downloads?: Downloads;
  /** Of the reader, hashed. */
  network?: string;
};

/** The counted votes of all days that have ended (UTC) as a file. @throws AppError `overloaded` */
export function openVotes(
  format: VoteFormat,
  { db = database(), downloads = currentDownloads(), network }: Context = {},
): Promise<ReadableStream<Uint8Array>> {
  return downloads.open(
    (write, begin) =>
      withPublicVotes(db, { until: "ended" }, async ({ batches }) => {
        begin();
        for await (const piece of ENCODERS[format](batches)) await write(piece);
      }),
    network,
  );
}

/** The votes of a published board as they are stored, or as they were hashed. @throws AppError `overloaded` */
export function openFrozenVotes(
  { hash, isPacked }: { hash: string; isPacked: boolean },
  { db = database(), downloads = frozenDownloads(), network }: Context = {},
): Promise<ReadableStream<Uint8Array>> {
  return downloads.open(async (write, begin) => {
    begin();
    const pieces = isPacked ? readPackedVotes(db, hash) : readVoteBytes(db, hash);
    for await (const piece of pieces) await write(piece);
  }, network);
}

const ENCODERS: Record<
  VoteFormat,
  (batches: AsyncIterable<readonly PublicVote[]>) => AsyncIterable<Uint8Array>
> = { jsonl: toLines, parquet: toParquet };

async function* toLines(batches: AsyncIterable<readonly PublicVote[]>): AsyncGenerator<Uint8Array> {
  for await (const batch of batches) yield Buffer.from(batch.map(toVoteLine).join(""));
}

const currentDownloads = () =>
  processSingleton(
    "vote-downloads",
    () => new Downloads({ countMax: VOTE_DOWNLOADS_MAX, networkMax: 1 }),
  );

const frozenDownloads = () =>
  processSingleton(
    "frozen-downloads",
    () =>
      new Downloads({ countMax: FROZEN_DOWNLOADS_MAX, networkMax: FROZEN_DOWNLOADS_A_NETWORK_MAX }),
  );
