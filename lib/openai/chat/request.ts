import * as z from "zod";
import {
  ALTERNATIVES_MAX,
  CHOICE_COUNT_MAX,
  STOP_STRING_CHARACTERS_MAX,
  STOP_STRINGS_MAX,
} from "@/lib/limits";
import { type GenerateRequest, generateRequestSchema } from "@/lib/protocol/generate-request";
import { adopt, refuse, reject } from "@/lib/util/refuse";
import {
  checkTools,
  responseFormatSchema,
  structuredOutputsSchema,
  toolChoiceSchema,
  toolsSchema,
  toToolRequest,
} from "./answer-shape";
import { findFieldRule } from "./fields";
import { chatMessagesSchema } from "./messages";

/** OpenAI's "Create chat completion" body → GenerateRequest (API reference, Chat Completions). */

const wellFormed = (text: string) => text.isWellFormed();
const WELL_FORMED = "holds half of a surrogate pair; send well-formed Unicode.";

const stopString = z
  .string()
  .min(1)
  .max(STOP_STRING_CHARACTERS_MAX)
  .refine(wellFormed, WELL_FORMED);
const tokenLimit = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullish();

const { sampling, stopTokenIds, ignoreEos, minTokens } = generateRequestSchema.shape;
const { minP, presencePenalty, frequencyPenalty, repetitionPenalty, logitBias, seed } =
  sampling.shape;

/** The fields that are read. Null stands for absent, as everywhere in this API. */
const readSchema = z.object({
  model: z.string().min(1).max(256).refine(wellFormed, WELL_FORMED),
  messages: chatMessagesSchema,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: tokenLimit,
  max_completion_tokens: tokenLimit,
  stop: z.union([stopString, z.array(stopString).max(STOP_STRINGS_MAX)]).nullish(),
  seed: seed.nullable(),
  // Both -1, vLLM's word, and 0 keep every token.
  top_k: z.number().int().min(-1).nullish(),
  min_p: minP.nullable(),
  presence_penalty: presencePenalty.nullable(),
  frequency_penalty: frequencyPenalty.nullable(),
  repetition_penalty: repetitionPenalty.nullable(),
  logit_bias: logitBias.nullable(),
  logprobs: z.boolean().nullish(),
  n: z.number().int().min(1).max(CHOICE_COUNT_MAX).nullish(),
  top_logprobs: z.number().int().min(0).max(ALTERNATIVES_MAX).nullish(),
  min_tokens: minTokens.nullable(),
  ignore_eos: ignoreEos.nullable(),
  stop_token_ids: stopTokenIds.nullable(),
  response_format: responseFormatSchema.nullish(),
  structured_outputs: structuredOutputsSchema.nullish(),
  tools: toolsSchema.nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish(),
      // Padding against listeners who measure chunks; offered by none of our streams.
      include_obfuscation: z.literal(false).nullish(),
    })
    .nullish(),
});

const bodySchema = z.unknown().superRefine((body, context) => {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    reject(context, [], "The body must be a JSON object.");
    return;
  }
  for (const [name, value] of Object.entries(body)) checkField(name, value, context);
});

export const chatRequestSchema = bodySchema.pipe(readSchema).superRefine((body, context) => {
  const { max_tokens: tokens, max_completion_tokens: completionTokens } = body;
  if (tokens && completionTokens && tokens !== completionTokens) {
    reject(context, ["max_tokens"], "contradicts `max_completion_tokens`; send one of them.");
  }
  const limit = completionTokens ?? tokens;
  if (limit != null && body.min_tokens != null && body.min_tokens > limit) {
    reject(context, ["min_tokens"], `is more than the ${limit} tokens the answer may have.`);
  }
  checkTools(body, context);
  if (body.response_format && body.structured_outputs) {
    reject(context, ["structured_outputs"], "contradicts `response_format`; send one of them.");
  }
  if (body.top_logprobs && !body.logprobs) {
    reject(context, ["top_logprobs"], "needs `logprobs: true`; send it with it or remove it.");
  }
  if (body.stream_options && !body.stream) {
    reject(
      context,
      ["stream_options"],
      "is for streams; send `stream: true` with it or remove it.",
    );
  }
});

export type ChatRequest = z.infer<typeof chatRequestSchema>;

function checkField(name: string, value: unknown, context: z.core.$RefinementCtx): void {
  const field = findFieldRule(name);
  if (field === undefined) {
    context.issues.push({ code: "unrecognized_keys", keys: [name], input: undefined, path: [] });
    return;
  }
  if (field.rule === "read" || value === null || value === undefined) return;
  const parsed = field.schema.safeParse(value, { reportInput: true });
  if (parsed.success) return;
  if (field.rule === "neutral") {
    refuse(context, { path: [name], message: `is not supported by this server. ${field.remedy}` });
    return;
  }
  adopt(context, [name], parsed.error.issues);
}

/** Of the smallest share one token is left, as OpenAI's `top_p: 0` asks; our own limit excludes 0. */
const TOP_P_LEAST = 1e-6;

/** The request as every worker understands it. */
export function toGenerateRequest(body: ChatRequest, requestId: string): GenerateRequest {
  const { stop } = body;
  return {
    requestId,
    model: body.model,
    messages: body.messages,
    sampling: toSampling(body),
    stop: typeof stop === "string" ? [stop] : (stop ?? []),
    ...withoutAbsent({
      stopTokenIds: body.stop_token_ids,
      ignoreEos: body.ignore_eos,
      minTokens: body.min_tokens,
      maxTokens: body.max_completion_tokens ?? body.max_tokens,
      logProbabilityCount: body.logprobs ? (body.top_logprobs ?? 0) : undefined,
      grammar: body.response_format ?? body.structured_outputs,
      toolRequest: toToolRequest(body),
    }),
    splitReasoning: true,
  };
}

function toSampling(body: ChatRequest): GenerateRequest["sampling"] {
  const { top_p: topP, top_k: topK } = body;
  return withoutAbsent({
    temperature: body.temperature,
    topP: topP == null ? topP : Math.max(topP, TOP_P_LEAST),
    topK: topK == null ? topK : Math.max(topK, 0),
    minP: body.min_p,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    repetitionPenalty: body.repetition_penalty,
    logitBias: body.logit_bias,
    seed: body.seed,
  });
}

/** Null says no more than nothing does. */
function withoutAbsent<T extends object>(fields: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  const said = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  // What is left is just what the type says.
  return Object.fromEntries(said) as { [Key in keyof T]?: NonNullable<T[Key]> };
}
