import type { TurnEvent } from "@/lib/protocol/arena-view";
import { textMessage } from "@/lib/protocol/message";
import type { Arena } from "./arena";
import { assertMayTakeTurn } from "./battle";
import { checkBattleRoom } from "./check-room";
import { toBattleHistory } from "./history";
import { type LoadedBattle, loadBattle } from "./load-battle";
import { type PlannedAnswer, takeTurn } from "./take-turn";
import { type Asked, createIds, withVisitor, writeTurn } from "./visitor-turn";

/**
 * The next prompt of a battle, to both models.
 *
 * @throws AppError `not-found`, `conflict`, `no-worker`, `context-length-exceeded` or `overloaded`
 */
export async function takeBattleTurn(
  arena: Arena,
  asked: Asked & { battleId: string; prompt: string },
): Promise<AsyncIterable<TurnEvent>> {
  const { visitorId, requestId, signal } = asked;
  const seen = await loadBattle(arena.db, asked);
  assertMayTakeTurn(seen.state);
  const sides = planAnswers(seen, asked.prompt, createIds("prompt", "a", "b"));
  await checkBattleRoom(
    arena,
    sides.map(({ modelName, history }) => ({ modelName, messages: history })),
    signal,
  );
  // Once more under the lock: another tab may have gone on in the meantime.
  const turn = await withVisitor(arena.db, visitorId, async (db) => {
    const loaded = await loadBattle(db, asked);
    const parentId = assertMayTakeTurn(loaded.state);
    const ids = createIds("prompt", "a", "b");
    const prompt = { id: ids.prompt, parentId, content: asked.prompt };
    const answers = planAnswers(loaded, asked.prompt, ids);
    const { conversationId } = loaded.battle;
    await writeTurn(db, { visitorId, conversationId, prompt, answers });
    return { conversationId, battleId: loaded.battle.id, sight: loaded.sight, prompt, answers };
  });
  return takeTurn(arena, {
    ...turn,
    prompt: { ...turn.prompt, role: "user" },
    ...{ visitorId, requestId, signal },
  });
}

function planAnswers(
  { battle, rows }: LoadedBattle,
  prompt: string,
  ids: Record<"prompt" | "a" | "b", string>,
): PlannedAnswer[] {
  return (["a", "b"] as const).map((side) => ({
    id: ids[side],
    parentId: ids.prompt,
    side,
    modelId: battle[side].id,
    modelName: battle[side].name,
    history: [...toBattleHistory(rows, side), textMessage("user", prompt)],
  }));
}
