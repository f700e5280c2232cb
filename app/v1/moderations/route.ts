import { controller } from "@/lib/controller/controller";
import { env } from "@/lib/env";
import { classify } from "@/lib/gateway/read-texts";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { TEXTS_BODY_BYTES_MAX } from "@/lib/limits";
import {
  getModerator,
  moderationBodySchema,
  toClassifyRequest,
  toModerationError,
  toModerationReply,
} from "@/lib/openai/moderations/moderation";

export const POST = route(
  {
    ...({ shape: "openai", caller: "api", scope: "texts" } as const),
    ...{ body: moderationBodySchema, bodyBytesMax: TEXTS_BODY_BYTES_MAX },
  },
  async ({ body, requestId, signal, meter }) => {
    const { PARLEY_MODERATION_MODEL, PARLEY_MODERATION_THRESHOLD: threshold } = env();
    const model = getModerator(PARLEY_MODERATION_MODEL, body.model);
    const request = toClassifyRequest(body, { model, requestId });
    // The keeper has named the model for this endpoint, whether or not it may be asked by its name.
    const reply = await classify({
      ...{ controller: controller(), request, signal, meter, isOfHouse: true },
    }).catch((error: unknown) => {
      throw toModerationError(error, body);
    });
    const answer = toModerationReply(reply, body, { model: reply.model, requestId, threshold });
    return jsonReply(answer, { headers: toAnswerHeaders(reply) });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
