import { randomInt } from "node:crypto";
import type { GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest, Sampling } from "@/lib/protocol/generate-request";
import { hasImage, type Message, messageText } from "@/lib/protocol/message";
import type { RequestField } from "@/lib/protocol/request-fields";
import type { TokenizeRequest } from "@/lib/protocol/text";
import type { CustomMessage, CustomRequest, ToCount } from "./module-interface";
import type { ServedCustom } from "./read-module";

/** Our request in the form that modules read, with those parts alone that the model's fields name. */

export type Told = {
  request: CustomRequest;
  /** For the start of the answer: what was used, in the caller's words. */
  sampling: Sampling;
};

/** Beyond this V8's own draws of whole numbers end. */
const SEEDS = 2 ** 31;

export function toModuleRequest(
  request: GenerateRequest,
  honoured: ReadonlySet<RequestField>,
  maxTokens: number,
): Told {
  const { requestId, model, messages, stop, choice = 0 } = request;
  const sampling = toSampling(request.sampling, honoured);
  // Each answer to one request is another draw.
  const seed = sampling.seed === undefined ? {} : { seed: toSeed(sampling.seed + choice) };
  const { stopTokenIds, ignoreEos, minTokens, prompt, grammar, toolRequest } = request;
  const { reasoningEffort, thinking } = request;
  const told: CustomRequest = {
    ...{ requestId, model, maxTokens, stop: [...stop] },
    messages: messages.map(toModuleMessage),
    sampling: { ...sampling, ...seed },
    ...(thinking !== undefined && { thinking }),
    ...(prompt !== undefined && { prompt }),
    ...(toolRequest !== undefined && { toolRequest }),
    ...(grammar !== undefined && { grammar }),
    ...(honoured.has("stopTokenIds") && stopTokenIds !== undefined && { stopTokenIds }),
    ...(honoured.has("ignoreEos") && ignoreEos !== undefined && { ignoreEos }),
    ...(honoured.has("minTokens") && minTokens !== undefined && { minTokens }),
    ...(honoured.has("reasoningEffort") && reasoningEffort !== undefined && { reasoningEffort }),
  };
  return { request: told, sampling };
}

/** Before its first word. Where nobody says how a model draws, it is told as drawing from all of it. */
export function toStart(
  { offer }: ServedCustom,
  told: { sampling: Sampling; maxTokens: number; promptTokens: number | undefined },
): GenerationStart {
  const { sampling, maxTokens, promptTokens } = told;
  return {
    ...{ type: "generation-start", model: offer.name, build: offer.build, maxTokens },
    ...(promptTokens !== undefined && { promptTokens }),
    sampling: { temperature: 1, topP: 1, ...sampling },
  };
}

/** What a module is to count. */
export function toCount(request: TokenizeRequest | GenerateRequest) {
  if ("text" in request) {
    const { model, text, addSpecialTokens } = request;
    return { model, text, ...(addSpecialTokens !== undefined && { addSpecialTokens }) };
  }
  const { model, messages, toolRequest, reasoningEffort, thinking } = request;
  const told: ToCount = {
    ...{ model, messages: messages.map(toModuleMessage) },
    ...(toolRequest !== undefined && { toolRequest }),
    ...(reasoningEffort !== undefined && { reasoningEffort }),
    ...(thinking !== undefined && { thinking }),
    ...("addGenerationPrompt" in request &&
      request.addGenerationPrompt !== undefined && {
        addGenerationPrompt: request.addGenerationPrompt,
      }),
  };
  return told;
}

function toModuleMessage(message: Message): CustomMessage {
  const { role, content, toolCalls, toolCallId } = message;
  return {
    ...{ role, content: messageText(message) },
    ...(hasImage(message) && { parts: content }),
    ...(toolCalls !== undefined && { toolCalls }),
    ...(toolCallId !== undefined && { toolCallId }),
  };
}

/** A seed that nobody gave is drawn here, so that it can be told and the answer be had again. */
function toSampling(sampling: Sampling, honoured: ReadonlySet<RequestField>): Sampling {
  const kept: Sampling = {};
  for (const [name, value] of Object.entries(sampling)) {
    // `samplingSchema` is strict: each name is one of its keys, and fields are named after them.
    if (honoured.has(`sampling.${name}` as RequestField)) Object.assign(kept, { [name]: value });
  }
  if (honoured.has("sampling.seed")) kept.seed ??= randomInt(SEEDS);
  return kept;
}

function toSeed(seed: number): number {
  return Number.isSafeInteger(seed) ? seed : Number.MIN_SAFE_INTEGER;
}
