import * as z from "zod";
import { RESUMED_TOKENS_MAX } from "@/lib/fleet-limits";
import {
  ALTERNATIVES_MAX,
  CHOICE_COUNT_MAX,
  LOGIT_BIAS_ENTRIES_MAX,
  MESSAGES_MAX,
  REPETITION_PENALTY_MAX,
  STOP_STRING_CHARACTERS_MAX,
  STOP_STRINGS_MAX,
  STOP_TOKEN_IDS_MAX,
} from "@/lib/limits";
import { grammarSchema, toolRequestSchema } from "./answer-shape";
import { messageSchema } from "./message";

const TOKEN_KEY = /^(0|[1-9]\d{0,8})$/;

/** A token of a vocabulary; whether the model has it is for its worker to say. */
const tokenIdSchema = z.number().int().min(0).max(999_999_999);
/** OpenAI's bound; at 2 a token that was said once is all but ruled out. */
const penaltySchema = z.number().min(-2).max(2);

/** Token id, which JSON spells as text, → what is added to its logit; -100 rules it out, 100 makes it the only one. */
export const logitBiasSchema = z
  .record(z.string(), z.number().min(-100).max(100))
  .superRefine((bias, context) => {
    const ids = Object.keys(bias);
    if (ids.length > LOGIT_BIAS_ENTRIES_MAX) {
      context.addIssue(`must have at most ${LOGIT_BIAS_ENTRIES_MAX} entries.`);
    } else if (!ids.every((id) => TOKEN_KEY.test(id))) {
      context.addIssue("must name tokens by their ids, such as 50256.");
    }
  });

/** What a `top_p` of 0 on a wire becomes, which `topP` excludes: of the smallest share one token is left. */
export const TOP_P_LEAST = 1e-6;

/** How the next token is chosen. What is absent takes the model's own default (generation_config.json). */
export const samplingSchema = z.strictObject({
  /** 0 is greedy. */
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  /** The most likely tokens that stay; 0 keeps all. */
  topK: z.number().int().min(0).optional(),
  /** Tokens less likely than this share of the most likely one go; 0 keeps all. */
  minP: z.number().min(0).lt(1).optional(),
  /** Taken off the logit of each token that the answer already has, once. */
  presencePenalty: penaltySchema.optional(),
  /** Taken off the logit of each token for each time that the answer has it. */
  frequencyPenalty: penaltySchema.optional(),
  /** Divides positive and multiplies negative logits of tokens in prompt or answer; 1 is off. */
  repetitionPenalty: z.number().gt(0).max(REPETITION_PENALTY_MAX).optional(),
  logitBias: logitBiasSchema.optional(),
  /** Same seed, same request, same build: same text. Absent: the worker draws one and tells it. */
  seed: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).optional(),
});

/** How much a model reasons before it answers, in OpenAI's words, ascending. */
export const reasoningEffortSchema = z.enum([
  ...(["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const),
]);

/**
 * What may be said of reasoning, beside messages alone: the chat template tells it to the model. A model
 * with fewer levels takes the nearest (gpt-oss `low` for `minimal`), one that only knows whether to reason
 * (Qwen3) does for any but `none`. A model that cannot be told refuses; one that does not reason takes `none`.
 */
export const reasoningFields = {
  reasoningEffort: reasoningEffortSchema.optional(),
  /** A wish that is never refused: the model's switch is set so, where it has one. */
  thinking: z.enum(["on", "off"]).optional(),
};

export const generateRequestSchema = z
  .strictObject({
    /** Follows the request through every log. */
    requestId: z.string().min(1).max(128),
    model: z.string().min(1).max(256),
    /** The conversation to go on with; empty where `prompt` stands instead. */
    messages: z.array(messageSchema).max(MESSAGES_MAX),
    /** A text or the ids of its tokens to go on with as they are, without a chat template. */
    prompt: z.union([z.string().min(1), z.array(tokenIdSchema).min(1)]).optional(),
    sampling: samplingSchema,
    stop: z.array(z.string().min(1).max(STOP_STRING_CHARACTERS_MAX)).max(STOP_STRINGS_MAX),
    /** Tokens that end the answer besides the model's own, and are no part of it. */
    stopTokenIds: z.array(tokenIdSchema).max(STOP_TOKEN_IDS_MAX).optional(),
    /** The model's own end tokens do not end the answer. */
    ignoreEos: z.boolean().optional(),
    /** The answer ends by no token before it has this many. */
    minTokens: z.number().int().min(0).optional(),
    /** Completion tokens at most, 0 to hear of the prompt alone; absent: what the context still holds. */
    maxTokens: z.number().int().min(0).optional(),
    /** 0 for the first of several answers to one request: with the seed, the key of its draws. */
    choice: z
      .number()
      .int()
      .min(0)
      .max(CHOICE_COUNT_MAX - 1)
      .optional(),
    /** Tell each token's log-probability, and those of this many of the most likely. */
    logProbabilityCount: z.number().int().min(0).max(ALTERNATIVES_MAX).optional(),
    /** Tell the log-probabilities of the prompt's tokens. */
    reportPrompt: z.boolean().optional(),
    /** What the answer must look like. With reasoning told apart, what follows the reasoning. */
    grammar: grammarSchema.optional(),
    /** Functions that the answer may ask to have called. */
    toolRequest: toolRequestSchema.optional(),
    /** Reasoning comes as events of its own; else it is part of the text, with the model's own marks. */
    splitReasoning: z.boolean().optional(),
    ...reasoningFields,
    /** Deltas name their tokens, so that another worker can go on from them. Only for models with the feature `resume` or `continue`. */
    reportTokenIds: z.boolean().optional(),
    /**
     * Goes on with an answer that another worker of the same build began: these are its tokens, of which
     * nothing is told again. The request is otherwise what that worker got, with the sampling and the length
     * that it told. A backend's ids are its own, and need not be below a vocabulary's size.
     */
    resume: z
      .strictObject({
        tokenIds: z.array(z.number().int().min(0)).min(1).max(RESUMED_TOKENS_MAX),
        /**
         * What follows is, bit for bit, what that worker would have said, however long it takes to get there:
         * a model that rounds a token's numbers otherwise in a pass of many runs these one by one.
         */
        mustMatch: z.boolean().optional(),
      })
      .optional(),
    /** Keys and values are shared among requests with the same one alone, absent being one too. */
    cacheSalt: z
      .string()
      .regex(/^[\w-]{1,64}$/)
      .optional(),
  })
  .refine(({ messages, prompt }) => (messages.length === 0) === (prompt !== undefined), {
    path: ["messages"],
    message: "must hold at least one message, or none beside a prompt.",
  })
  .refine(({ prompt, reasoningEffort }) => prompt === undefined || reasoningEffort === undefined, {
    path: ["reasoningEffort"],
    message: "is told by a chat template; a prompt has none.",
  });

export type ReasoningEffort = z.infer<typeof reasoningEffortSchema>;

export type Sampling = z.infer<typeof samplingSchema>;
export type GenerateRequest = z.infer<typeof generateRequestSchema>;
