import type { TurnEvent } from "@/lib/protocol/arena-view";
import { assert } from "@/lib/util/assert";
import type { Arena } from "./arena";
import { assertMayRetry } from "./battle";
import { toBattleHistory } from "./history";
import { loadBattle } from "./load-battle";
import { takeTurn } from "./take-turn";
import { toPromptView } from "./views";
import { type Asked, createIds, withVisitor, writeTurn } from "./visitor-turn";

/**
 * A failed side of a battle once more, by the same model. Nothing about that model is checked ahead:
 * a refusal would be one side's alone and say too much (check-room.ts).
 *
 * @throws AppError `not-found`, `conflict` or `overloaded`
 */
export async function retryAnswer(
  arena: Arena,
  asked: Asked & { battleId: string; answerId: string },
): Promise<AsyncIterable<TurnEvent>> {
  const { visitorId, requestId, signal } = asked;
  // Before the lock: whoever has no battle may have no row to lock.
  await loadBattle(arena.db, asked);
  const turn = await withVisitor(arena.db, visitorId, async (db) => {
    const { battle, rows, state, sight } = await loadBattle(db, asked);
    const { promptId, side } = assertMayRetry(state, asked.answerId);
    const prompt = rows.find((row) => row.id === promptId);
    assert(prompt !== undefined, "a turn has its prompt among the messages");
    const { id: modelId, name: modelName } = battle[side];
    const history = toBattleHistory(rows, side, promptId);
    const ids = createIds("answer");
    const answer = { id: ids.answer, parentId: promptId, side, modelId, modelName, history };
    const { conversationId } = battle;
    await writeTurn(db, { visitorId, conversationId, answers: [answer] });
    return {
      ...{ conversationId, battleId: battle.id, sight },
      ...{ prompt: toPromptView(prompt), answers: [answer] },
    };
  });
  return takeTurn(arena, { ...turn, visitorId, requestId, signal });
}
