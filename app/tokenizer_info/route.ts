import * as z from "zod";
import { controller } from "@/lib/controller/controller";
import { mayUse } from "@/lib/gateway/candidate";
import { readTokenizerInfo } from "@/lib/gateway/tokenize";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { pickModel } from "@/lib/openai/tokens/pick-model";
import { toTokenizerInfoReply } from "@/lib/openai/tokens/tokenize";
import { inWireWords } from "@/lib/openai/wire-param";

const querySchema = z.strictObject({ model: z.string().optional() });

export const GET = route(
  { shape: "openai", caller: "api", scope: "read" },
  async ({ request, signal, meter, api }) => {
    // An empty name is none.
    const named = parseQuery(request, querySchema).model || null;
    const models = await controller().listNamedModels();
    const model = pickModel(
      named,
      models.filter(({ name, isApi }) => isApi && mayUse(api.key?.models, name)),
    );
    const options = { controller: controller(), request: { model }, signal, meter };
    const info = await readTokenizerInfo(options).catch((error: unknown) => {
      throw inWireWords(error);
    });
    const headers = toAnswerHeaders({ model: info.model, why: undefined });
    return jsonReply(toTokenizerInfoReply(info), { headers });
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
