import { controller } from "@/lib/controller/controller";
import { mayUse } from "@/lib/gateway/candidate";
import { tokenize } from "@/lib/gateway/tokenize";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { bringImages } from "@/lib/images/bring-images";
import { pickModel } from "@/lib/openai/tokens/pick-model";
import {
  tokenizeBodySchema,
  toTokenizeReply,
  toTokenizeRequest,
} from "@/lib/openai/tokens/tokenize";
import { inWireWords } from "@/lib/openai/wire-param";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";

export const POST = route(
  {
    shape: "openai",
    caller: "api",
    scope: "read",
    body: tokenizeBodySchema,
    bodyBytesMax: IMAGES_BODY_BYTES_MAX,
  },
  async ({ body, signal, meter, api }) => {
    const models = await controller().listNamedModels();
    const model = pickModel(
      body.model,
      models.filter(({ name, isApi }) => isApi && mayUse(api.key?.models, name)),
    );
    const messages = await bringImages(body.messages ?? [], { signal });
    const request = toTokenizeRequest(body, { name: model, messages });
    const reply = await tokenize({ controller: controller(), request, signal, meter }).catch(
      (error: unknown) => {
        throw inWireWords(error);
      },
    );
    const headers = toAnswerHeaders({ model: reply.model, why: undefined });
    return jsonReply(toTokenizeReply(reply), { headers });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
