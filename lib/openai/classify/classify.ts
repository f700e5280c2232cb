import * as z from "zod";
import { EMBED_INPUTS_MAX } from "@/lib/limits";
import type { ClassifyReply, ClassifyRequest } from "@/lib/protocol/text";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { boundedList } from "../bounded-list";

/** `POST /v1/classify` as vLLM has it, where OpenAI has none. */

const text = textSchema.min(1);

export const classifyBodySchema = z.strictObject({
  model: textSchema.min(1).max(256),
  input: boundedList(() => EMBED_INPUTS_MAX).pipe(
    z.union([text, z.array(text).min(1).max(EMBED_INPUTS_MAX)]),
  ),
  /** Says who the caller's caller is; it changes nothing. */
  user: z.string().nullish(),
  /** No field of vLLM's: what becomes of a text that the model cannot read whole; absent: refuse. */
  overflow: z.enum(["refuse", "truncate"]).nullish(),
});

export type ClassifyBody = z.infer<typeof classifyBodySchema>;

export function toClassifyRequest(body: ClassifyBody, requestId: string): ClassifyRequest {
  const { model, input, overflow } = body;
  return {
    ...{ requestId, model, inputs: typeof input === "string" ? [input] : input },
    ...(overflow != null && { overflow }),
  };
}

/** vLLM's ClassificationResponse; beside its bare `probs` the labels they are of, both the likeliest first. */
export function toWireClassifyReply(
  { results, promptTokens }: ClassifyReply,
  { model, requestId }: { model: string; requestId: string },
) {
  return {
    ...{ id: `classify-${requestId}`, object: "list" as const, model },
    created: Math.floor(Date.now() / 1000),
    data: results.map((labels, index) => ({
      ...{ index, label: labels[0]?.label ?? "", num_classes: labels.length },
      probs: labels.map((it) => it.score),
      labels: labels.map((it) => it.label),
    })),
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens, completion_tokens: 0 },
  };
}
