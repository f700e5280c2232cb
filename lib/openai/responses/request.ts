import * as z from "zod";
import { ALTERNATIVES_MAX } from "@/lib/limits";
import { type GenerateRequest, reasoningEffortSchema } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import { ROUTING_FIELDS } from "@/lib/protocol/routing";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { bodySchemaOf } from "@/lib/util/body-schema";
import { refuse, reject } from "@/lib/util/refuse";
import {
  checkStreamOptions,
  SAMPLING_FIELDS,
  toSampledRequest,
  withoutAbsent,
} from "../sampling-fields";
import { RESPONSE_EXTENSION_FIELDS, RESPONSE_FIELDS } from "./fields";
import { inputSchema } from "./input";
import { textConfigSchema, toGrammar } from "./text-config";
import { checkTools, toolChoiceSchema, toolsSchema, toToolRequest } from "./tools";

/** OpenAI's "Create a model response" body → GenerateRequest (API reference, Responses). */

/** OpenAI's bounds, which what is stored keeps to. */
const METADATA_ENTRIES_MAX = 16;
const METADATA_KEY_CHARACTERS_MAX = 64;
const METADATA_VALUE_CHARACTERS_MAX = 512;
const NOTE_CHARACTERS_MAX = 512;
const LOG_PROBABILITIES = "message.output_text.logprobs";

const note = z.string().max(NOTE_CHARACTERS_MAX).nullish();

const metadataSchema = z
  .record(
    z.string().max(METADATA_KEY_CHARACTERS_MAX),
    z.string().max(METADATA_VALUE_CHARACTERS_MAX),
  )
  .refine((metadata) => Object.keys(metadata).length <= METADATA_ENTRIES_MAX, {
    message: `must have at most ${METADATA_ENTRIES_MAX} entries.`,
  });

const summaryAsk = z
  .enum(["auto", "concise", "detailed"])
  .nullish()
  .superRefine((asked, context) => {
    if (asked !== "concise") return;
    const message =
      'is not supported by this server: nobody shortens the reasoning. Send "auto" or "detailed" for all of it, or remove it.';
    refuse(context, { path: [], message });
  });

const reasoningSchema = z
  .strictObject({
    effort: reasoningEffortSchema.nullish(),
    /** Where it is asked for, the reasoning comes as the summary; else as content. */
    summary: summaryAsk,
    generate_summary: summaryAsk,
    context: z.literal("auto").nullish(),
    mode: z.literal("standard").nullish(),
  })
  .superRefine(({ summary, generate_summary: older }, context) => {
    if (summary == null || older == null || summary === older) return;
    reject(context, ["generate_summary"], "contradicts `summary`; send one of them.");
  });

/** What a response may be asked to tell besides; all but scores is of tools and models that are not here. */
export const includeSchema = z.array(z.string()).superRefine((asked, context) => {
  const at = asked.findIndex((name) => name !== LOG_PROBABILITIES);
  if (at < 0) return;
  const message = `names what this server does not have; "${LOG_PROBABILITIES}" may be asked for.`;
  refuse(context, { path: [at], message });
});

const { n: _n, stream_options: _streamOptions, ...sampling } = SAMPLING_FIELDS;

/** The fields that are read. Null stands for absent, as everywhere in this API. */
const readSchema = z.object({
  ...sampling,
  ...ROUTING_FIELDS,
  input: inputSchema.nullish(),
  instructions: textSchema.nullish(),
  previous_response_id: z.string().min(1).max(256).nullish(),
  max_output_tokens: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullish(),
  tools: toolsSchema.nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: textConfigSchema.nullish(),
  reasoning: reasoningSchema.nullish(),
  include: includeSchema.nullish(),
  top_logprobs: z.number().int().min(0).max(ALTERNATIVES_MAX).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  stream_options: z
    // Padding against listeners who measure events; offered by none of our streams.
    .strictObject({ include_obfuscation: z.literal(false).nullish() })
    .nullish(),
  metadata: metadataSchema.nullish(),
  user: note,
  safety_identifier: note,
  prompt_cache_key: note,
  prompt_cache_retention: z.enum(["in_memory", "24h"]).nullish(),
});

const bodySchema = bodySchemaOf({ ...RESPONSE_FIELDS, ...RESPONSE_EXTENSION_FIELDS });

export const responseRequestSchema = bodySchema.pipe(readSchema).superRefine((body, context) => {
  const { max_output_tokens: limit, min_tokens: least } = body;
  if (limit != null && least != null && least > limit) {
    reject(context, ["min_tokens"], `is more than the ${limit} tokens the answer may have.`);
  }
  if (body.input == null && body.previous_response_id == null) {
    reject(context, ["input"], "is missing; send a text or a list of items.");
  }
  checkTools(body, context);
  if (body.top_logprobs && !includesLogProbabilities(body)) {
    const message = `needs \`include: ["${LOG_PROBABILITIES}"]\`; send it with it or remove it.`;
    reject(context, ["top_logprobs"], message);
  }
  checkStreamOptions(body, context);
  if (body.background && body.store === false) {
    const message = "contradicts `store: false`: a background response is read from the store.";
    reject(context, ["background"], message);
  }
});

export type ResponseRequest = z.infer<typeof responseRequestSchema>;

export function includesLogProbabilities({ include }: Pick<ResponseRequest, "include">): boolean {
  return include?.includes(LOG_PROBABILITIES) ?? false;
}

/** Whether the reasoning is to come as a summary. */
export function wantsSummary({ reasoning }: Pick<ResponseRequest, "reasoning">): boolean {
  return (reasoning?.summary ?? reasoning?.generate_summary) != null;
}

/** The request as every worker understands it. */
export function toGenerateRequest(
  body: ResponseRequest,
  { messages, requestId }: { messages: Message[]; requestId: string },
): GenerateRequest {
  return {
    requestId,
    messages,
    ...toSampledRequest(body),
    ...withoutAbsent({
      maxTokens: body.max_output_tokens,
      logProbabilityCount: includesLogProbabilities(body) ? (body.top_logprobs ?? 0) : undefined,
      grammar: toGrammar(body.text?.format),
      toolRequest: toToolRequest(body),
      reasoningEffort: body.reasoning?.effort,
    }),
    splitReasoning: true,
  };
}
