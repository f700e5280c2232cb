import type { Database } from "@/lib/db/client";
import type { ModelStanding } from "@/lib/protocol/conversation-view";
import { findNewestSnapshot, readEntries } from "./store";

/** Where models stand on the newest board, by id; one that nobody has voted on is not on it. */
export async function readStandings(
  db: Database,
  modelIds: readonly string[],
): Promise<ReadonlyMap<string, ModelStanding>> {
  const newest = await findNewestSnapshot(db);
  const rows = newest ? await readEntries(db, newest.id, modelIds) : [];
  return new Map(
    rows.map(({ entry: { modelId, status, rating, rank } }) => [modelId, { status, rating, rank }]),
  );
}
