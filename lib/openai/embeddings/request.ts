import * as z from "zod";
import { EMBED_INPUTS_MAX } from "@/lib/limits";
import type { EmbedRequest } from "@/lib/protocol/text";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { refuse } from "@/lib/util/refuse";
import { boundedList, isOfTexts } from "../bounded-list";

/** OpenAI's "Create embeddings" body → EmbedRequest (API reference, Embeddings). */

const text = textSchema.min(1);
const tokens = z.array(z.number().int().min(0).max(999_999_999)).min(1);
const boundedSchema = boundedList((list) => (isOfTexts(list) ? EMBED_INPUTS_MAX : undefined));

export const embeddingsRequestSchema = z
  .strictObject({
    model: z.string().min(1).max(256),
    input: boundedSchema.pipe(
      z.union([text, tokens, z.array(text).min(1), z.array(tokens).min(1)]),
    ),
    encoding_format: z.enum(["float", "base64"]).nullish(),
    dimensions: z.number().int().min(1).nullish(),
    /** Says who the caller's caller is; it changes nothing. */
    user: z.string().nullish(),
    /** No field of OpenAI's, whose models refuse: what becomes of a text that the model cannot read whole. */
    overflow: z.enum(["refuse", "truncate", "average"]).nullish(),
  })
  .superRefine(({ dimensions }, context) => {
    if (dimensions == null) return;
    const message = "is not supported: no model here was trained for shorter vectors. Remove it.";
    refuse(context, { path: ["dimensions"], message });
  });

export type EmbeddingsRequest = z.infer<typeof embeddingsRequestSchema>;

export function toEmbedRequest(body: EmbeddingsRequest, requestId: string): EmbedRequest {
  const { model, input, overflow } = body;
  return {
    ...{ requestId, model, inputs: toInputs(input) },
    ...(overflow != null && { overflow }),
  };
}

function toInputs(input: EmbeddingsRequest["input"]): EmbedRequest["inputs"] {
  if (typeof input === "string") return [input];
  // A list is of texts, of numbers, or of lists of numbers; the schema let no mixture pass.
  return (isOfTexts(input) ? input : [input]) as EmbedRequest["inputs"];
}
