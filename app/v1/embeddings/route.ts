import { controller } from "@/lib/controller/controller";
import { embed } from "@/lib/gateway/read-texts";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { TEXTS_BODY_BYTES_MAX } from "@/lib/limits";
import { toEmbeddingsReply } from "@/lib/openai/embeddings/reply";
import { embeddingsRequestSchema, toEmbedRequest } from "@/lib/openai/embeddings/request";
import { inWireWords } from "@/lib/openai/wire-param";

export const POST = route(
  {
    ...({ shape: "openai", caller: "api", scope: "texts" } as const),
    ...{ body: embeddingsRequestSchema, bodyBytesMax: TEXTS_BODY_BYTES_MAX },
  },
  async ({ body, requestId, signal, meter }) => {
    const request = toEmbedRequest(body, requestId);
    const reply = await embed({ controller: controller(), request, signal, meter }).catch(
      (error: unknown) => {
        throw inWireWords(error);
      },
    );
    const format = body.encoding_format ?? "float";
    return jsonReply(toEmbeddingsReply(reply, { model: reply.model, format }), {
      headers: toAnswerHeaders(reply),
    });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
