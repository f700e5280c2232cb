import { BOARD_REQUESTS_PER_HOUR } from "@/lib/arena-limits";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { networkSubject, takeTallies } from "./tally";

/**
 * Counts a board that a network asks for and that has to be computed.
 *
 * @throws AppError `rate-limited`, with when it ends.
 */
export async function checkBoardRequest(network: string, db: Database = database()): Promise<void> {
  const ask = { subject: networkSubject(network), what: "board", perHour: BOARD_REQUESTS_PER_HOUR };
  const [exceeded] = await takeTallies(db, [ask]);
  if (exceeded === undefined) return;
  throw new AppError("rate-limited", {
    message: `Your network has asked for ${exceeded.most} boards this hour that had to be computed. Those that are always there can be read at any time.`,
    retryAfterSeconds: exceeded.waitSeconds,
  });
}
