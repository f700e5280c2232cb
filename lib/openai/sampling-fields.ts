import * as z from "zod";
import { CHOICE_COUNT_MAX, STOP_STRING_CHARACTERS_MAX, STOP_STRINGS_MAX } from "@/lib/limits";
import {
  type GenerateRequest,
  generateRequestSchema,
  TOP_P_LEAST,
} from "@/lib/protocol/generate-request";
import { ROUTING_FIELDS } from "@/lib/protocol/routing";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { reject } from "@/lib/util/refuse";

/** The fields that chats and completions have in common: which model, how its tokens are drawn, when it ends. */

const stopString = textSchema.min(1).max(STOP_STRING_CHARACTERS_MAX);

const { sampling, stopTokenIds, ignoreEos, minTokens } = generateRequestSchema.shape;
const { minP, presencePenalty, frequencyPenalty, repetitionPenalty, logitBias, seed } =
  sampling.shape;

/** Null stands for absent, as everywhere in this API. */
export const SAMPLING_FIELDS = {
  model: textSchema.min(1).max(256),
  ...ROUTING_FIELDS,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stop: z.union([stopString, z.array(stopString).max(STOP_STRINGS_MAX)]).nullish(),
  seed: seed.nullable(),
  // Both -1, vLLM's word, and 0 keep every token.
  top_k: z.number().int().min(-1).nullish(),
  min_p: minP.nullable(),
  presence_penalty: presencePenalty.nullable(),
  frequency_penalty: frequencyPenalty.nullable(),
  repetition_penalty: repetitionPenalty.nullable(),
  logit_bias: logitBias.nullable(),
  n: z.number().int().min(1).max(CHOICE_COUNT_MAX).nullish(),
  min_tokens: minTokens.nullable(),
  ignore_eos: ignoreEos.nullable(),
  stop_token_ids: stopTokenIds.nullable(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish(),
      // Padding against listeners who measure chunks; offered by none of our streams.
      include_obfuscation: z.literal(false).nullish(),
    })
    .nullish(),
} as const;

/** Says that what only streams can do is asked of an answer that is none. */
export function checkStreamOptions(
  body: { stream?: boolean | null | undefined; stream_options?: object | null | undefined },
  context: z.core.$RefinementCtx,
): void {
  if (!body.stream_options || body.stream) return;
  reject(context, ["stream_options"], "is for streams; send `stream: true` with it or remove it.");
}

const fieldsSchema = z.object(SAMPLING_FIELDS);
export type SamplingFields = z.infer<typeof fieldsSchema>;

/** These fields as every worker understands them. */
export function toSampledRequest(
  body: SamplingFields,
): Pick<GenerateRequest, "model" | "sampling" | "stop"> & Partial<GenerateRequest> {
  const { stop } = body;
  return {
    model: body.model,
    sampling: toSampling(body),
    stop: typeof stop === "string" ? [stop] : (stop ?? []),
    ...withoutAbsent({
      stopTokenIds: body.stop_token_ids,
      ignoreEos: body.ignore_eos,
      minTokens: body.min_tokens,
    }),
  };
}

function toSampling(body: SamplingFields): GenerateRequest["sampling"] {
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
export function withoutAbsent<T extends object>(
  fields: T,
): { [Key in keyof T]?: NonNullable<T[Key]> } {
  const said: { [Key in keyof T]?: NonNullable<T[Key]> } = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== null && value !== undefined) said[name] = value;
  }
  return said;
}
