import { MIRROR_CALLER } from "@/lib/auth/api-caller";
import type { Controller } from "@/lib/controller/controller";
import { env } from "@/lib/env";
import { classify } from "@/lib/gateway/read-texts";
import {
  getModerator,
  toClassifyRequest,
  toModerationReply,
} from "@/lib/openai/moderations/moderation";
import { Meter } from "@/lib/usage/meter";
import type { Judgement } from "./judge-endpoint";

/**
 * Asks this Parley's own classifier, PARLEY_MODERATION_MODEL.
 *
 * @throws AppError `not-found` where none is named, and whatever keeps a worker from answering.
 */
export async function askClassifier(
  controller: Controller,
  { text, requestId, signal }: { text: string; requestId: string; signal: AbortSignal },
): Promise<Judgement> {
  const { PARLEY_MODERATION_MODEL, PARLEY_MODERATION_THRESHOLD: threshold } = env();
  const model = getModerator(PARLEY_MODERATION_MODEL, undefined);
  // Nobody asked for it, so nobody pays.
  const meter = new Meter({
    caller: MIRROR_CALLER,
    endpoint: "moderation",
    asked: model,
    requestId,
  });
  try {
    const body = { input: [[text]] };
    const request = toClassifyRequest(body, { model, requestId });
    const reply = await classify({ controller, request, signal, meter, isOfHouse: true });
    const [result] = toModerationReply(reply, body, { model, requestId, threshold }).results;
    meter.close("complete");
    return { isFlagged: result?.flagged ?? false, scores: result?.category_scores ?? {} };
  } catch (error) {
    meter.close(signal.aborted ? "cancelled" : "failed");
    throw error;
  }
}
