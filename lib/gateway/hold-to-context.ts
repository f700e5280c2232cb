import type { Controller } from "@/lib/controller/controller";
import { AppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { measureRequest } from "@/lib/protocol/measure-request";
import type { TokenizeRequest } from "@/lib/protocol/text";
import type { Via } from "@/lib/protocol/via";
import type { StopSignal } from "@/lib/util/stop";
import type { Candidate } from "./candidate";
import { tokenize } from "./tokenize";

export type HoldOptions = {
  controller: Controller;
  candidate: Candidate;
  /** Tokens that an operator lets be served, prompt and answer together. */
  contextLengthMax: number;
  signal: StopSignal;
  via: Via | undefined;
};

/**
 * A request to a model of which an operator serves less than its workers hold: too long a prompt is refused, and the
 * answer ends where the context would, as at the model's own limit. The workers know nothing of it, so the prompt
 * is counted before; of models that do not tell their tokens, by a guess.
 *
 * @throws AppError `context-length-exceeded`
 */
export async function holdToContext(
  request: GenerateRequest,
  options: HoldOptions,
): Promise<GenerateRequest> {
  const { contextLengthMax: most } = options;
  const promptTokens = await countPrompt(request, options);
  if (promptTokens >= most) {
    throw new AppError("context-length-exceeded", {
      message: `${most} tokens are served of this model's context, the answer included; the prompt alone has ${promptTokens}. Shorten it or begin a new conversation.`,
      param: request.prompt === undefined ? "messages" : "prompt",
    });
  }
  return { ...request, maxTokens: Math.min(request.maxTokens ?? most, most - promptTokens) };
}

async function countPrompt(
  request: GenerateRequest,
  { controller, candidate, signal, via }: HoldOptions,
): Promise<number> {
  const { prompt } = request;
  if (Array.isArray(prompt)) return prompt.length;
  try {
    const asked = toTokenizeRequest(request, candidate.model, prompt);
    const told = await tokenize({ controller, request: asked, signal, via, pinned: candidate });
    return told.ids.length;
  } catch {
    signal.throwIfAborted();
    // What is wrong with the request itself its worker says in a moment.
    return Math.ceil(measureRequest(request).promptCharacters / CHARACTERS_A_TOKEN);
  }
}

function toTokenizeRequest(
  { messages, toolRequest, reasoningEffort, thinking }: GenerateRequest,
  model: string,
  prompt: string | undefined,
): TokenizeRequest {
  if (prompt !== undefined) return { model, text: prompt };
  return { model, messages, toolRequest, reasoningEffort, thinking };
}
