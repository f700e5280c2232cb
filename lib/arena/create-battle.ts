import { ensureVisitor } from "@/lib/auth/visitor-store";
import type { TurnEvent } from "@/lib/protocol/arena-view";
import { type Message, textMessage } from "@/lib/protocol/message";
import type { Random } from "@/lib/util/random";
import type { Arena } from "./arena";
import { type AwakeChatModel, readAwakeModels } from "./awake-models";
import { createBattleRow } from "./battle-store";
import { findUnreachable } from "./check-room";
import { type DrawnPair, drawPair } from "./draw-pair";
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
  const history = [textMessage("user", asked.prompt)];
  const drawn = await drawReachable(arena, history, asked);

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
      conversationKind: "battle",
      modelAId: drawn.a.modelId,
      modelBId: drawn.b.modelId,
      pairProbability: drawn.probability,
      drawMethod: drawn.method,
    });
    await writeTurn(db, { visitorId, conversationId, prompt, answers });
    return { conversationId, battleId };
  });
  const view = { ...prompt, role: "user" as const };
  return takeTurn(arena, {
    ...written,
    ...{ visitorId, sight: "blind", prompt: view, answers, requestId, signal },
  });
}

/** Draws again without the models that turn out not to answer, until two do or fewer than two are left. */
async function drawReachable(
  arena: Arena,
  messages: Message[],
  { signal, random }: { signal: AbortSignal; random?: Random | undefined },
): Promise<DrawnPair<AwakeChatModel>> {
  let awake = await readAwakeModels(arena.controller);
  for (;;) {
    const drawn = await drawPair(arena, { awake, random });
    const asks = [drawn.a, drawn.b].map(({ name }) => ({ modelName: name, messages }));
    const unreachable = await findUnreachable(arena, asks, signal);
    if (unreachable.length === 0) return drawn;
    awake = awake.filter((model) => !unreachable.includes(model.name));
  }
}
