import type { Database } from "@/lib/db/client";
import { boardKeyText, OVERALL } from "@/lib/protocol/board-key";
import type { ModelStanding } from "@/lib/protocol/conversation-view";
import { findBoard } from "./stored-boards";

/** Where models stand on the overall board, by id; one that nobody has voted on is not on it. */
export async function readStandings(
  db: Database,
  modelIds: readonly string[],
): Promise<ReadonlyMap<string, ModelStanding>> {
  const entries = (await findBoard(db, boardKeyText(OVERALL)))?.body.entries ?? [];
  return new Map(
    entries
      .filter(({ modelId }) => modelIds.includes(modelId))
      .map(({ modelId, status, rating, rank }) => [modelId, { status, rating, rank }]),
  );
}
