import type { BattleView, VoteBody } from "@/lib/protocol/arena-view";
import type { Arena } from "./arena";
import { decideVote } from "./battle";
import { createBlindVote } from "./battle-store";
import { loadBattle } from "./load-battle";
import { readBattle } from "./read-battle";
import { withVisitor } from "./visitor-turn";

/**
 * Counts a visitor's vote and shows who was who. The same vote again is answered alike and counted
 * once, so that a browser may repeat what it did not hear an answer to.
 *
 * @throws AppError `not-found`, `conflict` or `invalid-request`
 */
export async function castVote(
  arena: Arena,
  asked: {
    visitorId: string;
    battleId: string;
    vote: VoteBody;
    /** Awaited between the vote and the reveal, which shows the ratings of that moment. */
    onCounted?: () => Promise<void>;
  },
): Promise<BattleView> {
  const { visitorId, battleId, vote } = asked;
  // Before the lock: whoever has no battle may have no row to lock.
  await loadBattle(arena.db, { visitorId, battleId });
  const decision = await withVisitor(arena.db, visitorId, async (db) => {
    const { battle, state } = await loadBattle(db, { visitorId, battleId });
    const decision = decideVote(state, vote);
    const turn = state.turns.findIndex(({ sides }) => sides.a?.id === vote.answerAId) + 1;
    if (decision === "count") await createBlindVote(db, battle, { ...vote, turn });
    return decision;
  });
  if (decision === "count") await asked.onCounted?.();
  return readBattle(arena, { visitorId, battleId });
}
