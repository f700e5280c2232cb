import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { setRetired } from "@/lib/ledger/retirement";
import { readRetirements } from "./store";

/**
 * Takes a model out of the draw for battles, or brings it back. It keeps its votes and its place on boards, and may
 * be asked by name as long as somebody offers it.
 *
 * @returns whether that changed anything.
 * @throws AppError `not-found`
 */
export async function retireModel(
  { model, isRetired }: { model: string; isRetired: boolean },
  db: Database = database(),
): Promise<boolean> {
  return db.transaction(async (transaction) => {
    if ((await setRetired(transaction, model, isRetired)) !== undefined) return true;
    const known = await readRetirements(transaction);
    if (known.some((it) => it.model === model)) return false;
    throw new AppError("not-found", {
      message: `No worker has ever offered a model \`${model}\`.`,
      param: "model",
    });
  });
}
