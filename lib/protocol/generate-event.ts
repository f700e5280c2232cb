import * as z from "zod";
import { ERROR_CODE_LIST } from "@/lib/errors";
import { TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import { ALTERNATIVES_MAX } from "@/lib/limits";
import {
  THOUGHT_SEAL_CHARACTERS_MAX,
  UPSTREAM_RETRY_AFTER_SECONDS_MAX,
} from "@/lib/upstream-limits";
import { samplingSchema } from "./generate-request";
import { THOUGHT_SEAL_PREFIX } from "./message";
import { liveLoadSchema } from "./registration";

/** Of tokens. What is told is added up, charged and kept in columns of 32 bits. */
const count = z.number().int().min(0).max(TOKEN_COUNT_MAX);

/**
 * Said any number of times before `generation-start`: nobody works on the request yet, and why. It is no part
 * of the answer; who reads the events hears of it beside them (worker-client.ts, `onWaiting`).
 */
export const generationWaitingSchema = z.object({
  type: z.literal("generation-waiting"),
  /** Whoever hosts the model loads it first. */
  reason: z.enum(["loading"]),
  /** Until it is there, by the host's own guess. Absent: it tells none. */
  estimateSeconds: z.number().min(0).max(UPSTREAM_RETRY_AFTER_SECONDS_MAX).optional(),
});

/**
 * What a worker says of one generation, in this order: `generation-start`, any number of `text-delta`
 * (and, where asked for, of `reasoning-delta`, `thought-seal`, `tool-call-start` and `tool-call-delta`),
 * then `generation-end` or `generation-error`. An error may also come alone. After an abort the stream
 * just ends. A request for log-probabilities gets `prompt-tokens` (where it wants the prompt's, too) before the first token and
 * a `token-log-probability` for each token, before the text that the token is part of.
 */
export const generationStartSchema = z.object({
  type: z.literal("generation-start"),
  model: z.string(),
  /** SHA-256 of the model's files, hex. */
  build: z.string(),
  /** Absent: the worker is told so itself at the end only, which says it then. */
  promptTokens: count.optional(),
  /** What was used: the request's own, its gaps filled. A backend leaves out what it does not know. */
  sampling: z.object({
    ...samplingSchema.shape,
    temperature: z.number(),
    topP: z.number(),
    /** Absent: the worker cannot be given one, and tells none. */
    seed: z.number().int().optional(),
  }),
  /** Completion tokens that this generation may take at most. */
  maxTokens: count,
  /** The worker's load with this request in it; the web sees it, its clients do not. */
  load: liveLoadSchema.optional(),
});

/**
 * In order, as many as `tokens` says; where the request asked for them. Of a model with the feature `resume`
 * or `continue` a token is counted by the last of the events that it makes, so that who goes on after it (`resume`) leaves
 * nothing out and says nothing twice.
 */
const tokenIds = z.array(z.number().int().min(0)).optional();

export const textDeltaSchema = z.object({
  type: z.literal("text-delta"),
  text: z.string(),
  /** Tokens this delta stands for; a held-back half code point joins the next one's count. */
  tokens: count,
  tokenIds,
});

/** What the model writes to itself before it answers; only where the request wants it told apart. */
export const reasoningDeltaSchema = z.object({
  type: z.literal("reasoning-delta"),
  text: z.string(),
  tokens: count,
  tokenIds,
});

/**
 * What a provider wants to have back of the model's thoughts when the conversation goes on (message.ts,
 * `thoughts`): of the reasoning that was told since the last one, or of a thought that is not told. Only where
 * reasoning is told apart.
 */
export const thoughtSealSchema = z.object({
  type: z.literal("thought-seal"),
  seal: z.string().startsWith(THOUGHT_SEAL_PREFIX).max(THOUGHT_SEAL_CHARACTERS_MAX),
});

/** The model asks to have a function called; its arguments follow. */
export const toolCallStartSchema = z.object({
  type: z.literal("tool-call-start"),
  /** 0 for the first call of the answer. */
  index: z.number().int().min(0),
  id: z.string(),
  name: z.string(),
});

/** More of the JSON text of a call's arguments. */
export const toolCallDeltaSchema = z.object({
  type: z.literal("tool-call-delta"),
  index: z.number().int().min(0),
  text: z.string(),
  tokens: count,
  tokenIds,
});

/** JSON has no word for the logarithm of 0: a token that was ruled out has OpenAI's -9999. */
export const LOG_PROBABILITY_MIN = -9_999;

const scoredTokenSchema = z.object({
  id: z.number().int(),
  /** What the token stands for, as UTF-8; it may begin or end inside a code point. */
  bytes: z.array(z.number().int().min(0).max(255)),
  /** By the model itself: before bias, penalties and truncation, at temperature 1. */
  logProbability: z.number().min(LOG_PROBABILITY_MIN),
});

export const tokenLogProbabilitySchema = z.object({
  type: z.literal("token-log-probability"),
  ...scoredTokenSchema.shape,
  /** The most likely tokens in this place, best first; the chosen one may be among them. */
  alternatives: z.array(scoredTokenSchema).max(ALTERNATIVES_MAX),
});

/** Tokens of the prompt in order, all of them over one or more of these events. */
export const promptTokensSchema = z.object({
  type: z.literal("prompt-tokens"),
  tokens: z.array(
    z.object({
      ...scoredTokenSchema.shape,
      /** Absent for the first one, which follows nothing. */
      logProbability: scoredTokenSchema.shape.logProbability.optional(),
      alternatives: z.array(scoredTokenSchema).max(ALTERNATIVES_MAX),
    }),
  ),
});

/**
 * The web's own: the worker was lost, another one goes on from here, and nothing of the answer is missing or
 * told twice. Of a worker it is no event, and refused.
 */
export const generationResumedSchema = z.object({
  type: z.literal("generation-resumed"),
  /** Completion tokens that came before; 0 where nothing but the start did. */
  afterTokens: z.number().int().min(0),
  /** Who goes on; for the store, and never for a browser. */
  workerId: z.uuid(),
});

export const finishReasonSchema = z.enum(["stop", "length", "tool-calls"]);

export const generationEndSchema = z.object({
  type: z.literal("generation-end"),
  finishReason: finishReasonSchema,
  /** Of the request's `stop` the one that ended the answer. */
  stopString: z.string().optional(),
  usage: z.object({
    promptTokens: count,
    completionTokens: count,
    /** Of the prompt's tokens those that an earlier request had already paid for. */
    cachedPromptTokens: count.optional(),
  }),
  /** Milliseconds on the worker's clock; first token and duration count from arrival, the wait included. */
  timing: z.object({ queuedMs: z.number(), firstTokenMs: z.number(), durationMs: z.number() }),
  /** The worker's load without this request. */
  load: liveLoadSchema.optional(),
});

export const generationErrorSchema = z.object({
  type: z.literal("generation-error"),
  code: z.enum(ERROR_CODE_LIST),
  message: z.string(),
  param: z.string().optional(),
  retryable: z.boolean(),
  /** After which a retry makes sense, where somebody told. */
  retryAfterSeconds: z.number().positive().max(UPSTREAM_RETRY_AFTER_SECONDS_MAX).optional(),
});

export const generateEventSchema = z.discriminatedUnion("type", [
  generationStartSchema,
  textDeltaSchema,
  reasoningDeltaSchema,
  thoughtSealSchema,
  toolCallStartSchema,
  toolCallDeltaSchema,
  tokenLogProbabilitySchema,
  promptTokensSchema,
  generationEndSchema,
  generationErrorSchema,
]);

export type GenerationWaiting = z.infer<typeof generationWaitingSchema>;
export type GenerationStart = z.infer<typeof generationStartSchema>;
export type ReasoningDelta = z.infer<typeof reasoningDeltaSchema>;
export type ToolCallStart = z.infer<typeof toolCallStartSchema>;
export type ToolCallDelta = z.infer<typeof toolCallDeltaSchema>;
export type TextDelta = z.infer<typeof textDeltaSchema>;
export type ScoredToken = z.infer<typeof scoredTokenSchema>;
export type PromptTokens = z.infer<typeof promptTokensSchema>;
export type TokenLogProbability = z.infer<typeof tokenLogProbabilitySchema>;
export type GenerationEnd = z.infer<typeof generationEndSchema>;
export type GenerationError = z.infer<typeof generationErrorSchema>;
export type FinishReason = z.infer<typeof finishReasonSchema>;
export type GenerationResumed = z.infer<typeof generationResumedSchema>;
export type GenerateEvent = z.infer<typeof generateEventSchema>;
/** What the web tells of a generation, by however many workers. */
export type GenerationEvent = GenerateEvent | GenerationResumed;
