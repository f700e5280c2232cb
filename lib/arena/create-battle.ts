import { ensureVisitor } from "@/lib/auth/visitor-store";
import type { TurnEvent } from "@/lib/protocol/arena-view";
import { textMessage } from "@/lib/protocol/message";
import type { Random } from "@/lib/util/random";
import type { Arena } from "./arena";
import { readAwakeModels } from "./awake-models";
import { createBattleRow } from "./battle-store";
import { checkBattleRoom } from "./check-room";
import { samplePair } from "./sample-pair";
import { createConversation } from "./store";
import { type PlannedAnswer, takeTurn } from "./take-turn";
import { type Asked, createIds, withVisitor, writeTurn } from "./visitor-turn";

/**
 * Draws two models, writes the battle down with its first turn, and runs it.
 *
 * @throws AppError `no-worker`, `context-length-exceeded` or `overloaded`, before anything is written.
 */
export async function createBattle(
  arena: Arena,
  asked: Asked & { prompt: string; random?: Random },
): Promise<AsyncIterable<TurnEvent>> {
  const { visitorId, requestId, signal } = asked;
  const drawn = samplePair(await readAwakeModels(arena.controller), asked.random);
  const history = [textMessage("user", asked.prompt)];
  const sides = [drawn.a, drawn.b].map((it) => ({ modelName: it.name, messages: history }));
  await checkBattleRoom(arena, sides, signal);

  const ids = createIds("prompt", "a", "b");
  const prompt = { id: ids.prompt, parentId: null, content: asked.prompt };
  const answers = (["a", "b"] as const).map((side): PlannedAnswer => {
    const { modelId, name: modelName } = drawn[side];
    return { id: ids[side], parentId: prompt.id, side, modelId, modelName, history };
  });
  await ensureVisitor(arena.db, visitorId);
  const written = await withVisitor(arena.db, visitorId, async (db) => {
    const conversationId = await createConversation(db, {
      visitorId,
      kind: "battle",
      modelId: null,
    });
    const battleId = await createBattleRow(db, {
      conversationId,
      modelAId: drawn.a.modelId,
      modelBId: drawn.b.modelId,
      pairProbability: drawn.probability,
    });
    await writeTurn(db, { visitorId, conversationId, prompt, answers });
    return { conversationId, battleId };
  });
  const view = { ...prompt, role: "user" as const };
  return takeTurn(arena, { ...written, sight: "blind", prompt: view, answers, requestId, signal });
}
