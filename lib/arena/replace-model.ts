import type { ErrorCode } from "@/lib/errors";
import { countBlindCalls, findUndrawable } from "@/lib/integrity/check-limits";
import type { Side } from "@/lib/protocol/arena-view";
import type { Message } from "@/lib/protocol/message";
import type { Arena } from "./arena";
import { readAwakeModels } from "./awake-models";
import { findPair, type PairModel, saveReplacement } from "./battle-store";
import { countRoom, fits } from "./check-room";
import { drawReserve } from "./draw-pair";

export type FailedSide = {
  conversationId: string;
  visitorId: string;
  network: string | undefined;
  answerId: string;
  side: Side;
  modelName: string;
  errorCode: ErrorCode;
  /** What it was asked. */
  history: Message[];
  signal: AbortSignal;
};

/** How often the other side may be replaced while a reserve is drawn for this one. */
const TRIES_MAX = 3;

/**
 * Draws another model for a side of a blind battle that failed before its first token, and writes the battle
 * down as if it had been drawn so: its probability is that of the new pair. What failed stays known of the
 * failed model alone.
 *
 * @param failed Names of all models that failed in this battle so far, this one included.
 * @returns undefined when nobody is left who may take its place.
 */
export async function replaceModel(
  arena: Arena,
  at: FailedSide,
  failed: readonly string[],
): Promise<PairModel | undefined> {
  const { conversationId, side, answerId, errorCode } = at;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const pair = await findPair(arena.db, conversationId);
    // Deleted meanwhile, with the answer that wants another model.
    if (pair === undefined) return undefined;
    const other = pair[side === "a" ? "b" : "a"];
    const drawn = await drawFitting(arena, at, { other, failed });
    if (drawn === undefined) return undefined;
    const reserve = { id: drawn.model.modelId, name: drawn.model.name };
    const isSaved = await saveReplacement(arena.db, {
      ...{ battleId: pair.id, side, answerId, errorCode },
      ...{ failedModelId: pair[side].id, reserveModelId: reserve.id, otherModelId: other.id },
      ...{ probability: drawn.probability, method: drawn.method },
    });
    if (!isSaved) continue;
    const { visitorId, network } = at;
    const limits = { db: arena.db, rules: await arena.rules.get() };
    await countBlindCalls(limits, { visitorId, network, models: [reserve.name] });
    return reserve;
  }
  return undefined;
}

/** One that holds the prompt and answers, drawn among those that may be asked. */
async function drawFitting(
  arena: Arena,
  { visitorId, network, side, history, signal }: FailedSide,
  { other, failed }: { other: PairModel; failed: readonly string[] },
) {
  const awake = await readAwakeModels(arena.controller);
  const limits = { db: arena.db, rules: await arena.rules.get() };
  const models = awake.map(({ name }) => name);
  const out = [...failed, ...(await findUndrawable(limits, { visitorId, network, models }))];
  const stays = { side: side === "a" ? "b" : "a", model: toDrawable(other) } as const;
  for (;;) {
    const drawn = await drawReserve(arena, { awake, stays, failed: out });
    if (drawn === undefined) return undefined;
    const room = await countRoom(arena, drawn.model, history, signal).catch(() => null);
    signal.throwIfAborted();
    if (room === undefined || (room !== null && fits(room))) return drawn;
    out.push(drawn.model.name);
  }
}

const toDrawable = ({ id, name }: PairModel) => ({ modelId: id, name });
