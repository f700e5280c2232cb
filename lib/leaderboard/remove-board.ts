import { REMOVAL_LOCK_MS_MAX } from "@/lib/board-limits";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { deletePublishedBoard, writeBoardLog } from "./published-store";
import { deleteUnnamedSnapshots } from "./snapshot-store";
import { lockSnapshots } from "./vote-snapshot";

/**
 * Takes a published board away, with its votes where no other board names them. That is not done in silence:
 * the public log says so and why.
 *
 * @throws AppError `not-found`; `overloaded` while another one is being published.
 */
export async function removeBoard(
  { id, reason }: { id: string; reason: string },
  db: Database = database(),
): Promise<void> {
  await db.transaction(async (transaction) => {
    await lockSnapshots(transaction, REMOVAL_LOCK_MS_MAX);
    const title = await deletePublishedBoard(transaction, id);
    if (title === undefined) {
      throw new AppError("not-found", { message: `No published board has the id "${id}".` });
    }
    await deleteUnnamedSnapshots(transaction);
    await writeBoardLog(transaction, {
      kind: "board-removed",
      message: `The published board “${title}” (${id}) was removed. The operator's reason: ${reason}`,
    });
  });
}
