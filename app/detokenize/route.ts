import { controller } from "@/lib/controller/controller";
import { mayUse } from "@/lib/gateway/candidate";
import { detokenize } from "@/lib/gateway/tokenize";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { pickModel } from "@/lib/openai/tokens/pick-model";
import {
  detokenizeBodySchema,
  toDetokenizeReply,
  toDetokenizeRequest,
} from "@/lib/openai/tokens/tokenize";
import { inWireWords } from "@/lib/openai/wire-param";

export const POST = route(
  { shape: "openai", caller: "api", scope: "read", body: detokenizeBodySchema },
  async ({ body, signal, meter, api }) => {
    const models = await controller().listNamedModels();
    const model = pickModel(
      body.model,
      models.filter(({ name, isApi }) => isApi && mayUse(api.key?.models, name)),
    );
    const request = toDetokenizeRequest(body, model);
    const reply = await detokenize({ controller: controller(), request, signal, meter }).catch(
      (error: unknown) => {
        throw inWireWords(error);
      },
    );
    const headers = toAnswerHeaders({ model: reply.model, why: undefined });
    return jsonReply(toDetokenizeReply(reply), { headers });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
