import { AppError } from "@/lib/errors";
import type { GenerateRequest } from "./generate-request";
import { hasImage } from "./message";

/**
 * What a request can ask for that some upstream has no word for. A backend has a table of those that its
 * upstream honours; a request that asks for more is refused before it is sent, since most servers pass
 * over fields that they do not know, and an answer that ignored one would mislead.
 */
export const REQUEST_FIELDS = [
  ...(["sampling.temperature", "sampling.topP", "sampling.topK", "sampling.minP"] as const),
  ...(["sampling.presencePenalty", "sampling.frequencyPenalty"] as const),
  ...(["sampling.repetitionPenalty", "sampling.logitBias", "sampling.seed"] as const),
  ...(["stop", "stopTokenIds", "ignoreEos", "minTokens", "maxTokens"] as const),
  ...(["logProbabilityCount", "reportPrompt", "reportTokenIds", "resume"] as const),
  /** A text to go on with; the ids of its tokens. */
  ...(["prompt", "prompt.ids"] as const),
  ...(["grammar.json-object", "grammar.json-schema", "grammar.regex", "grammar.choice"] as const),
  ...(["toolRequest", "toolRequest.choice", "toolRequest.isParallel"] as const),
  ...(["reasoningEffort", "images"] as const),
] as const;

export type RequestField = (typeof REQUEST_FIELDS)[number];

type Wish = {
  /** For people, at the beginning of a sentence. */
  what: string;
  /** The field at fault, as the request has it; absent: the wish's own name. */
  param?: string;
  isThere(request: GenerateRequest): boolean;
};

/** Values that ask for nothing, as an upstream without the field would behave, are no wish. */
const WISHES: Record<RequestField, Wish> = {
  "sampling.temperature": {
    what: "A temperature",
    isThere: ({ sampling }) => sampling.temperature !== undefined,
  },
  "sampling.topP": { what: "top_p", isThere: ({ sampling }) => (sampling.topP ?? 1) < 1 },
  "sampling.topK": { what: "top_k", isThere: ({ sampling }) => (sampling.topK ?? 0) > 0 },
  "sampling.minP": {
    what: "A least probability of tokens",
    isThere: ({ sampling }) => (sampling.minP ?? 0) > 0,
  },
  "sampling.presencePenalty": {
    what: "A presence penalty",
    isThere: ({ sampling }) => (sampling.presencePenalty ?? 0) !== 0,
  },
  "sampling.frequencyPenalty": {
    what: "A frequency penalty",
    isThere: ({ sampling }) => (sampling.frequencyPenalty ?? 0) !== 0,
  },
  "sampling.repetitionPenalty": {
    what: "A repetition penalty",
    isThere: ({ sampling }) => (sampling.repetitionPenalty ?? 1) !== 1,
  },
  "sampling.logitBias": {
    what: "A bias on tokens",
    isThere: ({ sampling }) => Object.keys(sampling.logitBias ?? {}).length > 0,
  },
  "sampling.seed": {
    what: "A seed",
    // A further answer to one request comes with the seed of the first, which was drawn for it.
    isThere: ({ sampling, choice = 0 }) => sampling.seed !== undefined && choice === 0,
  },
  stop: { what: "A stop string", isThere: ({ stop }) => stop.length > 0 },
  stopTokenIds: {
    what: "A token that ends the answer",
    isThere: ({ stopTokenIds = [] }) => stopTokenIds.length > 0,
  },
  ignoreEos: {
    what: "That the model's end is to be ignored",
    isThere: ({ ignoreEos }) => ignoreEos === true,
  },
  minTokens: { what: "A least length", isThere: ({ minTokens = 0 }) => minTokens > 0 },
  maxTokens: { what: "A greatest length", isThere: ({ maxTokens }) => maxTokens !== undefined },
  logProbabilityCount: {
    what: "Log-probabilities",
    isThere: ({ logProbabilityCount }) => logProbabilityCount !== undefined,
  },
  reportPrompt: {
    what: "Log-probabilities of the prompt",
    isThere: ({ reportPrompt }) => reportPrompt === true,
  },
  reportTokenIds: {
    what: "That tokens are to be named",
    isThere: ({ reportTokenIds }) => reportTokenIds === true,
  },
  resume: { what: "The beginning of an answer", isThere: ({ resume }) => resume !== undefined },
  prompt: {
    what: "A text to go on with",
    isThere: ({ prompt }) => typeof prompt === "string",
  },
  "prompt.ids": {
    what: "A prompt of token ids",
    param: "prompt",
    isThere: ({ prompt }) => Array.isArray(prompt),
  },
  "grammar.json-object": {
    what: "An answer in JSON",
    param: "grammar",
    isThere: ({ grammar }) => grammar?.type === "json-object",
  },
  "grammar.json-schema": {
    what: "An answer by a JSON schema",
    param: "grammar",
    isThere: ({ grammar }) => grammar?.type === "json-schema",
  },
  "grammar.regex": {
    what: "An answer by a regular expression",
    param: "grammar",
    isThere: ({ grammar }) => grammar?.type === "regex",
  },
  "grammar.choice": {
    what: "An answer out of a list",
    param: "grammar",
    isThere: ({ grammar }) => grammar?.type === "choice",
  },
  toolRequest: { what: "Tools", isThere: ({ toolRequest }) => toolRequest !== undefined },
  "toolRequest.choice": {
    what: "A demanded or forbidden call",
    isThere: ({ toolRequest }) => (toolRequest?.choice ?? "auto") !== "auto",
  },
  "toolRequest.isParallel": {
    what: "A single call at a time",
    isThere: ({ toolRequest }) => toolRequest?.isParallel === false,
  },
  reasoningEffort: {
    what: "How much to reason",
    isThere: ({ reasoningEffort = "none" }) => reasoningEffort !== "none",
  },
  images: {
    what: "An image",
    param: "messages",
    isThere: ({ messages }) => messages.some(hasImage),
  },
};

/** What a request asks for of what an upstream may not have, in the order of the list. */
export function wishesOf(request: GenerateRequest): RequestField[] {
  return REQUEST_FIELDS.filter((field) => WISHES[field].isThere(request));
}

/**
 * Refuses a request that asks for more than an upstream honours.
 *
 * @param whom such as "the worker of this model, which speaks FastChat's protocol"; ends the sentence's first half
 * @throws AppError `unsupported-parameter`, naming the field.
 */
export function expectHonoured(
  request: GenerateRequest,
  honoured: ReadonlySet<RequestField>,
  whom: string,
): void {
  const unsaid = wishesOf(request).find((field) => !honoured.has(field));
  if (unsaid === undefined) return;
  const { what, param = unsaid } = WISHES[unsaid];
  throw new AppError("unsupported-parameter", {
    message: `${what} cannot be told to ${whom}. Leave it out, or choose another model.`,
    param,
  });
}
