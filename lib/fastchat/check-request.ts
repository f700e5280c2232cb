import { AppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";

/**
 * Refuses what FastChat's protocol has no word for. What it has a word for goes out, though some of its
 * workers ignore some of it (docs/how-to/join-fastchat-workers.md): they do not tell which they are.
 *
 * @throws AppError `unsupported-parameter`, naming the field.
 */
export function checkRequest(request: GenerateRequest): void {
  const unsaid = toWishes(request).find(({ isThere }) => isThere);
  if (unsaid === undefined) return;
  throw new AppError("unsupported-parameter", {
    message: `${unsaid.what} cannot be told to the worker of this model, which speaks FastChat's protocol. Leave it out, or choose another model.`,
    param: unsaid.param,
  });
}

type Wish = { param: string; what: string; isThere: boolean };

function toWishes(request: GenerateRequest): Wish[] {
  const { sampling, choice = 0, reasoningEffort = "none", minTokens = 0 } = request;
  const { seed, minP = 0, logitBias = {} } = sampling;
  const wish = (param: string, what: string, isThere: boolean) => ({ param, what, isThere });
  return [
    // A further answer to one request may come with the seed of the first.
    wish("sampling.seed", "A seed", seed !== undefined && choice === 0),
    wish("sampling.minP", "A least probability of tokens", minP > 0),
    wish("sampling.logitBias", "A bias on tokens", Object.keys(logitBias).length > 0),
    wish("ignoreEos", "That the model's end is to be ignored", request.ignoreEos === true),
    wish("minTokens", "A least length", minTokens > 0),
    wish("logProbabilityCount", "Log-probabilities", request.logProbabilityCount !== undefined),
    wish("reportPrompt", "Log-probabilities of the prompt", request.reportPrompt === true),
    wish("grammar", "A form of the answer", request.grammar !== undefined),
    wish("toolRequest", "Tools", request.toolRequest !== undefined),
    wish("reasoningEffort", "How much to reason", reasoningEffort !== "none"),
    wish("reportTokenIds", "That tokens are to be named", request.reportTokenIds === true),
    wish("resume", "The beginning of an answer", request.resume !== undefined),
  ];
}
