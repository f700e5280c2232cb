import { controller } from "@/lib/controller/controller";
import { rerank } from "@/lib/gateway/read-texts";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { TEXTS_BODY_BYTES_MAX } from "@/lib/limits";
import { rerankBodySchema, toRerankRequest, toWireRerankReply } from "@/lib/openai/rerank/rerank";
import { inWireWords } from "@/lib/openai/wire-param";

export const POST = route(
  {
    ...({ shape: "openai", caller: "api", scope: "texts" } as const),
    ...{ body: rerankBodySchema, bodyBytesMax: TEXTS_BODY_BYTES_MAX },
  },
  async ({ body, requestId, signal, meter }) => {
    const request = toRerankRequest(body, requestId);
    const reply = await rerank({ controller: controller(), request, signal, meter }).catch(
      (error: unknown) => {
        throw inWireWords(error);
      },
    );
    return jsonReply(toWireRerankReply(reply, { ...body, model: reply.model }, requestId), {
      headers: toAnswerHeaders(reply),
    });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
