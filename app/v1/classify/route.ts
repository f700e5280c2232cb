import { controller } from "@/lib/controller/controller";
import { classify } from "@/lib/gateway/read-texts";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { TEXTS_BODY_BYTES_MAX } from "@/lib/limits";
import {
  classifyBodySchema,
  toClassifyRequest,
  toWireClassifyReply,
} from "@/lib/openai/classify/classify";
import { inWireWords } from "@/lib/openai/wire-param";

export const POST = route(
  {
    ...({ shape: "openai", caller: "api", scope: "texts" } as const),
    ...{ body: classifyBodySchema, bodyBytesMax: TEXTS_BODY_BYTES_MAX },
  },
  async ({ body, requestId, signal, meter }) => {
    const request = toClassifyRequest(body, requestId);
    const reply = await classify({ controller: controller(), request, signal, meter }).catch(
      (error: unknown) => {
        throw inWireWords(error);
      },
    );
    const answer = toWireClassifyReply(reply, { model: reply.model, requestId });
    return jsonReply(answer, { headers: toAnswerHeaders(reply) });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
