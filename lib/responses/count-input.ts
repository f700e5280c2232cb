import { tokenize } from "@/lib/gateway/tokenize";
import { inResponseWords } from "@/lib/openai/responses/wire-param";
import type { CreateOptions } from "./create-response";
import { prepareResponse } from "./prepare-response";

/**
 * The tokens that a request's prompt has, the conversation before it included. Nothing is made or kept.
 *
 * @throws AppError with the names of this API
 */
export async function countInput(options: CreateOptions): Promise<number> {
  const { responses, request, api, meter, requestId, signal } = options;
  const { controller, db } = responses;
  const { owner } = api;
  const prepared = await prepareResponse({
    ...{ db, owner, request, requestId, signal },
    meterId: meter.id,
  });
  const { model, messages, toolRequest, reasoningEffort } = prepared.request;
  const asked = {
    ...{ model, messages },
    ...(toolRequest && { toolRequest }),
    ...(reasoningEffort && { reasoningEffort }),
  };
  const { ids } = await tokenize({ controller, request: asked, signal, meter }).catch(
    (error: unknown) => {
      throw inResponseWords(error);
    },
  );
  return ids.length;
}
