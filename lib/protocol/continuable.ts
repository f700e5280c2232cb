import type { GenerateRequest } from "./generate-request";
import { hasImage } from "./message";

/**
 * Whether the rest of an answer to this request depends on nothing but the tokens of its prompt and of the
 * answer so far: who has those goes on as well as who wrote them. What else an engine keeps of an answer does
 * not travel: the state of a generator that a seed began or of a grammar's automaton, how often the answer has
 * each token, what a call was read as, what an image became.
 */
export function isContinuable(request: GenerateRequest): boolean {
  const { sampling, grammar, toolRequest, messages, stop, maxTokens, minTokens = 0 } = request;
  const { seed, temperature, presencePenalty = 0, frequencyPenalty = 0 } = sampling;
  // The likeliest token is drawn by no generator.
  const isDrawnAnew = seed === undefined || temperature === 0;
  // Of the penalties the one for repetition counts the prompt's tokens as it does the answer's.
  const isUncounted = presencePenalty === 0 && frequencyPenalty === 0;
  const isPlainText = grammar === undefined && toolRequest === undefined;
  const isUnscored = request.logProbabilityCount === undefined && request.reportPrompt !== true;
  // A stop string counts only after the least length; who looks for it besides the server does not know it.
  const hasEarlyStop = minTokens > 0 && stop.length > 0;
  return (
    isDrawnAnew &&
    isUncounted &&
    isPlainText &&
    isUnscored &&
    !hasEarlyStop &&
    maxTokens !== 0 &&
    !messages.some(hasImage)
  );
}
