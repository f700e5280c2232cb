import * as z from "zod";
import { STOP_STRING_CHARACTERS_MAX, STOP_STRINGS_MAX } from "@/lib/limits";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { adopt, refuse, reject } from "../refuse";
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

/** The fields that are read. Null stands for absent, as everywhere in this API. */
const readSchema = z.object({
  model: z.string().min(1).max(256).refine(wellFormed, WELL_FORMED),
  messages: chatMessagesSchema,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: tokenLimit,
  max_completion_tokens: tokenLimit,
  stop: z.union([stopString, z.array(stopString).max(STOP_STRINGS_MAX)]).nullish(),
  seed: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).nullish(),
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
  const { temperature, top_p: topP, seed, stop } = body;
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  return {
    requestId,
    model: body.model,
    messages: body.messages,
    sampling: {
      ...(temperature != null && { temperature }),
      ...(topP != null && { topP: Math.max(topP, TOP_P_LEAST) }),
      ...(seed != null && { seed }),
    },
    stop: typeof stop === "string" ? [stop] : (stop ?? []),
    ...(maxTokens != null && { maxTokens }),
  };
}
