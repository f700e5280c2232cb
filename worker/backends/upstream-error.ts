import * as z from "zod";
import { AppError, type ErrorCode, isAppError } from "@/lib/errors";
import { UPSTREAM_RETRY_AFTER_SECONDS_MAX } from "@/lib/upstream-limits";
import { toWaitWords } from "@/lib/util/wait-words";

/**
 * What the servers behind workers refuse with, in our words: one table for every kind. A caller reads a plain
 * sentence; what an operator must know is the cause, which the log has. Neither names a key or an address.
 */

/** What an upstream refused with, as it came. */
export type UpstreamRefusal = {
  status: number;
  /** Of the header `Retry-After`, or of one that says the same; absent: it tells none. */
  retryAfter?: string | null | undefined;
  /** Its body as text, or as it was parsed. */
  body: unknown;
};

export type UpstreamAbout = {
  /** The model as callers name it. */
  model: string;
  /** As the upstream does; its sentences have ours in its place. */
  upstreamModel?: string | undefined;
  /** What no sentence may hold: keys, addresses. */
  hidden?: readonly string[];
};

/** What an upstream said, for the log: the cause of the error that its caller reads. */
export class UpstreamRefusedError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "UpstreamRefusedError";
    this.status = status;
  }
}

/** Of a sentence that is passed on; providers need some 200. */
const SENTENCE_CHARACTERS_MAX = 600;

/** Fields of the wires of providers → ours (generate-request.ts); a path keeps its head alone. */
const PARAMS: Record<string, string> = {
  model: "model",
  messages: "messages",
  prompt: "prompt",
  inputs: "messages",
  input: "inputs",
  temperature: "sampling.temperature",
  top_p: "sampling.topP",
  top_k: "sampling.topK",
  min_p: "sampling.minP",
  presence_penalty: "sampling.presencePenalty",
  frequency_penalty: "sampling.frequencyPenalty",
  repetition_penalty: "sampling.repetitionPenalty",
  repeat_penalty: "sampling.repetitionPenalty",
  logit_bias: "sampling.logitBias",
  seed: "sampling.seed",
  stop: "stop",
  stop_token_ids: "stopTokenIds",
  ignore_eos: "ignoreEos",
  min_tokens: "minTokens",
  max_tokens: "maxTokens",
  max_completion_tokens: "maxTokens",
  max_new_tokens: "maxTokens",
  logprobs: "logProbabilityCount",
  top_logprobs: "logProbabilityCount",
  prompt_logprobs: "reportPrompt",
  echo: "reportPrompt",
  response_format: "grammar",
  structured_outputs: "grammar",
  guided_json: "grammar",
  guided_regex: "grammar",
  guided_choice: "grammar",
  grammar: "grammar",
  regex: "grammar",
  tools: "toolRequest",
  tool_choice: "toolRequest.choice",
  parallel_tool_calls: "toolRequest.isParallel",
  reasoning_effort: "reasoningEffort",
};

const CONTEXT_CODES = new Set(["context_length_exceeded", "exceed_context_size_error"]);
/**
 * Sentences of servers that have no code for it: vLLM ("maximum context length is", "longer than the maximum model
 * length of"), SGLang ("longer than the model's context length", "exceeds the maximum allowed length"), TGI
 * ("`inputs` tokens + `max_new_tokens` must be <="), llama.cpp ("exceeds the available context size"), Anthropic
 * ("prompt is too long", "exceed context limit"), Bedrock ("input is too long"), Google ("input token count
 * exceeds"), Cohere ("too many tokens"), xAI ("maximum prompt length"), Moonshot ("exceeded model token limit"),
 * Alibaba ("range of input length"), Zhipu ("prompt exceeds max length").
 */
const CONTEXT_SENTENCES = [
  /maximum (?:model|allowed|prompt|input|context|model context|model input) length/i,
  /context (?:length|size|window|limit)/i,
  /(?:prompt|input|request) (?:is )?too (?:long|large)/i,
  /must have less than \d+ tokens/i,
  /tokens \+ `?max_new_tokens`? must be/i,
  /(?:input|prompt) token(?:s| count) .{0,40}exceed/i,
  /^too many tokens|model token limit|range of input length|(?:prompt|model) (?:exceeds )?max length/i,
];
const MODEL_CODES = new Set([
  ...["model_not_found", "model_not_found_error", "not_found_error", "model_not_available"],
  "DeploymentNotFound",
]);
const MODEL_SENTENCE =
  /models?\b.*(?:not found|does not exist|not exist|unknown|not available|end of its life)/i;
/** Of those who say it with 400: DeepSeek, Mistral and Perplexity, OpenRouter, Bedrock, xAI. */
const NO_MODEL_SENTENCE =
  /^model not exist|^invalid model\b|is not a valid model|model identifier is invalid|^model not found/i;
/** OpenRouter's of a conversation that a provider's filter does not let through. */
const FLAGGED_SENTENCE = /\bflagged\b|content policy/i;
/** A budget that does not come back in seconds. */
const QUOTA_CODES = new Set(["insufficient_quota", "billing_hard_limit_reached"]);

type Told = { message: string; code: string; param: string | undefined; status?: number };

/** What an upstream answered with another status than 200. */
export function toUpstreamError(refusal: UpstreamRefusal, about: UpstreamAbout): AppError {
  const told = readTold(refusal.body);
  const sentence = clean(told.message, about);
  const retryAfterSeconds = readRetryAfter(refusal.retryAfter);
  const { status } = refusal;
  const make = (code: ErrorCode, message: string, param?: string) =>
    new AppError(code, {
      ...{ message, param, cause: causeOf(status, sentence) },
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  if (status === 508) {
    const message =
      "The server behind this model asks this very platform for it, and so for ever. Ask another model; the operator gives its worker another server (--base-url, or baseUrl in the file of models).";
    return make("loop-detected", message);
  }
  if (status === 429 || status === 503 || status === 529) {
    return toBusy({ status, told, retryAfterSeconds }, make);
  }
  if (status === 403 && FLAGGED_SENTENCE.test(told.message)) {
    return make("invalid-request", sentence, "messages");
  }
  if (status === 401 || status === 402 || status === 403 || status === 407) {
    return make("unavailable", "The server behind this model does not let the worker in.");
  }
  if (isAboutContext(told, status)) {
    return make("context-length-exceeded", passOn(sentence, "The prompt is too long."), "messages");
  }
  if (isAboutModel(told, status)) {
    const message = `The server behind this worker has no model "${about.model}" at present.`;
    return make("model-not-found", message, "model");
  }
  return toRest(status, { told, sentence }, make);
}

type Make = (code: ErrorCode, message: string, param?: string) => AppError;

type BusyUpstream = { status: number; told: Told; retryAfterSeconds: number | undefined };

function toBusy({ status, told, retryAfterSeconds }: BusyUpstream, make: Make): AppError {
  if (QUOTA_CODES.has(told.code)) {
    return make("unavailable", "The server behind this model takes no more requests for now.");
  }
  if (status === 429) {
    return make(
      "rate-limited",
      `The server behind this model is asked too often. Try again ${toWaitWords(retryAfterSeconds)}.`,
    );
  }
  const message = `The server behind this model is busy. Try again ${toWaitWords(retryAfterSeconds)}.`;
  return make(
    retryAfterSeconds !== undefined || status === 529 ? "overloaded" : "upstream-invalid",
    message,
  );
}

function toRest(
  status: number,
  { told, sentence }: { told: Told; sentence: string },
  make: Make,
): AppError {
  if (status === 408 || status === 504) {
    return make("timeout", "The server behind this model took too long.");
  }
  if (status === 413) {
    return make("body-too-large", passOn(sentence, "The request is too large for its server."));
  }
  if (status === 400 || status === 422) {
    const message = passOn(sentence, "The server behind this model refuses the request.");
    const isField = told.code === "unsupported_parameter";
    return make(
      isField ? "unsupported-parameter" : "invalid-request",
      message,
      toParam(told.param),
    );
  }
  return make("upstream-invalid", `The server behind this model answered with status ${status}.`);
}

/** An error that an upstream told in the middle of a stream, where no status is. */
export function fromToldError(body: unknown, about: UpstreamAbout): AppError {
  const told = readTold(body);
  return toUpstreamError({ status: told.status ?? statusOf(told), body }, about);
}

/**
 * What broke while an upstream was asked or listened to: AppErrors as they are, the signal's reason where it
 * aborted, and else what the transport says.
 */
export function toTransportError(error: unknown, signal: AbortSignal): AppError {
  const cause = signal.aborted ? signal.reason : error;
  if (isAppError(cause)) return cause;
  if (signal.aborted) {
    return new AppError("client-closed", { message: "The request was cancelled.", cause });
  }
  const code = transportCode(cause);
  if (/TIMEOUT|ETIMEDOUT/.test(code) && code !== "UND_ERR_CONNECT_TIMEOUT") {
    return new AppError("timeout", { message: "The server behind this model is silent.", cause });
  }
  if (isCertificateCode(code)) {
    const message = "The server behind this model cannot be trusted by the worker.";
    return new AppError("unavailable", { message, cause });
  }
  // undici's parser of HTTP tells its code in some versions alone.
  const isGarbled = cause instanceof Error && cause.name === "HTTPParserError";
  if (isGarbled || code.startsWith("HPE_") || cause instanceof SyntaxError) {
    const message = "The server behind this model sent what is not expected.";
    return new AppError("upstream-invalid", { message, cause });
  }
  const message = "The server behind this model cannot be reached.";
  return new AppError("worker-lost", { message, cause });
}

/** Node's word for a broken connection, of whatever depth; empty where there is none. */
export function transportCode(error: unknown): string {
  for (let it = error, depth = 0; it instanceof Error && depth < 5; it = it.cause, depth++) {
    if ("code" in it && typeof it.code === "string") return it.code;
  }
  return "";
}

/** Nobody vouches for the certificate (Node's codes of X.509, and OpenSSL's). */
export function isCertificateCode(code: string): boolean {
  return /CERT|UNABLE_TO_VERIFY|SELF_SIGNED/.test(code);
}

/**
 * Seconds of a `Retry-After` (RFC 9110 §10.2.3: seconds or a date), whole, at least one, and bounded. Undefined
 * for none, and for one that cannot be read.
 */
export function readRetryAfter(
  value: string | null | undefined,
  nowMs = Date.now(),
): number | undefined {
  if (value == null || value.trim() === "") return undefined;
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? (Date.parse(value) - nowMs) / 1_000 : seconds;
  if (!Number.isFinite(wait)) return undefined;
  return Math.min(UPSTREAM_RETRY_AFTER_SECONDS_MAX, Math.max(1, Math.ceil(wait)));
}

/** A field of an upstream's wire under our name; undefined for one that we have not. */
export function toParam(param: string | undefined): string | undefined {
  const head = param === undefined ? undefined : /^(?:body\.)?(\w+)/.exec(param)?.[1];
  return head !== undefined && Object.hasOwn(PARAMS, head) ? PARAMS[head] : undefined;
}

const text = z.string().catch("");
const innerSchema = z.looseObject({
  message: text,
  type: text,
  code: z.union([z.string(), z.number()]).nullish().catch(undefined),
  param: z.string().nullish().catch(undefined),
});
const detailSchema = z
  .union([
    z.string(),
    z.array(z.looseObject({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })),
  ])
  .nullish()
  .catch(undefined);
/**
 * OpenAI and most others; TGI and Ollama (`error` is the sentence); vLLM's older form (no `error` around); FastAPI's
 * `detail`, which Mistral has within `message`.
 */
const bodySchema = z.looseObject({
  error: z.union([z.string(), innerSchema]).nullish().catch(undefined),
  error_type: text,
  message: z.union([z.string(), z.looseObject({ detail: detailSchema })]).catch(""),
  detail: detailSchema,
});

function readTold(body: unknown): Told {
  const parsed = bodySchema.safeParse(typeof body === "string" ? parseJson(body) : body);
  if (!parsed.success) {
    // A page of a proxy's says nothing to a caller of ours.
    const isPage = typeof body === "string" && !/^\s*</.test(body);
    return { message: isPage ? body : "", code: "", param: undefined };
  }
  const { error, error_type: errorType, message: told } = parsed.data;
  const [message, detail] =
    typeof told === "string" ? [told, parsed.data.detail] : ["", told.detail];
  if (typeof error === "string") return { message: error, code: errorType, param: undefined };
  if (Array.isArray(detail)) {
    const [first] = detail;
    const path = first?.loc.filter((it) => it !== "body").join(".");
    return { message: `${path}: ${first?.msg}`, code: "", param: path };
  }
  if (typeof detail === "string") return { message: detail, code: "", param: undefined };
  const inner = error ?? innerSchema.safeParse(parsed.data).data;
  if (!inner) return { message, code: "", param: undefined };
  const { code, type } = inner;
  const isStatus = typeof code === "number" && code >= 400 && code < 600;
  return {
    message: inner.message,
    code: typeof code === "string" ? code : type,
    param: inner.param ?? undefined,
    ...(isStatus && { status: code }),
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Plain words, which many proxies answer with.
    return undefined;
  }
}

/** By its words, where an error comes without a status. */
function statusOf({ code }: Told): number {
  if (/rate_limit|quota/.test(code)) return 429;
  if (/overloaded/.test(code)) return 529;
  if (/auth|permission|api_key/.test(code)) return 401;
  if (/timeout/.test(code)) return 504;
  if (/invalid_request|bad_?request|validation|context/i.test(code)) return 400;
  return 500;
}

function isAboutContext({ code, message }: Told, status: number): boolean {
  if (CONTEXT_CODES.has(code)) return true;
  if (status !== 400 && status !== 413 && status !== 422) return false;
  return CONTEXT_SENTENCES.some((sentence) => sentence.test(message));
}

function isAboutModel({ code, message }: Told, status: number): boolean {
  // The second is of Hugging Face's router: nobody that the token may use serves it.
  if (code === "model_not_found" || code === "model_not_supported") return true;
  if (status === 400) return NO_MODEL_SENTENCE.test(message);
  return status === 404 && (MODEL_CODES.has(code) || MODEL_SENTENCE.test(message));
}

/** An upstream's own sentence where it has one. */
function passOn(sentence: string, otherwise: string): string {
  return sentence === "" ? otherwise : sentence;
}

function clean(sentence: string, { model, upstreamModel, hidden = [] }: UpstreamAbout): string {
  let cleaned = sentence.replace(/\bhttps?:\/\/\S+/g, "…");
  for (const word of hidden) if (word !== "") cleaned = cleaned.replaceAll(word, "…");
  if (upstreamModel && upstreamModel !== model) {
    cleaned = cleaned.replaceAll(upstreamModel, model);
  }
  return cleaned.trim().slice(0, SENTENCE_CHARACTERS_MAX);
}

/** A refused key is told without the upstream's sentence, which often quotes a part of it. */
function causeOf(status: number, sentence: string): UpstreamRefusedError {
  if (status >= 300 && status < 400) {
    // Not followed: keys would go along.
    const message = `The upstream's address leads elsewhere (status ${status}): name the one that it leads to.`;
    return new UpstreamRefusedError(status, message);
  }
  const isKey = status === 401 || status === 403 || status === 407;
  const message = isKey
    ? `The upstream refuses the key (status ${status}): check the variable that holds it, and what it may be used for.`
    : `The upstream answered with status ${status}${sentence === "" ? "." : `: ${sentence}`}`;
  return new UpstreamRefusedError(status, message);
}
