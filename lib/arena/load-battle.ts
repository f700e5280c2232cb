import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { VoteBody } from "@/lib/protocol/arena-view";
import { isId } from "@/lib/util/id";
import { type BattleState, toBattleState } from "./battle";
import { type BattleRow, findBattle, findBlindVote } from "./battle-store";
import { type MessageRow, readMessages } from "./store";
import type { Sight } from "./views";

export type LoadedBattle = {
  battle: BattleRow;
  rows: MessageRow[];
  vote: VoteBody | null;
  state: BattleState;
  /** Blind until the vote that opens it. */
  sight: Sight;
};

/**
 * A battle of this visitor's with all that was said in it.
 *
 * @throws AppError `not-found`, also for another visitor's: that it exists is not told.
 */
export async function loadBattle(
  db: Database,
  by: { battleId: string; visitorId: string },
): Promise<LoadedBattle> {
  const { battleId: id, visitorId } = by;
  const battle = isId(id) ? await findBattle(db, { id, visitorId }) : undefined;
  if (battle === undefined) {
    throw new AppError("not-found", { message: "There is no such battle among yours." });
  }
  const vote = (await findBlindVote(db, battle.id)) ?? null;
  const rows = await readMessages(db, battle.conversationId);
  const sight = vote === null ? "blind" : "open";
  return { battle, rows, vote, state: toBattleState(rows, vote), sight };
}
