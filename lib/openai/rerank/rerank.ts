import * as z from "zod";
import { RERANK_DOCUMENTS_MAX } from "@/lib/limits";
import type { RerankReply, RerankRequest } from "@/lib/protocol/text";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { bodySchemaOf } from "@/lib/util/body-schema";
import { type FieldRule, neutral, read } from "@/lib/util/field-rule";

/** The request and reply that Cohere's and Jina's rerank endpoints have in common. */

const text = textSchema.min(1);

const readSchema = z.object({
  model: z.string().min(1).max(256),
  query: text,
  documents: z
    .array(z.union([text, z.strictObject({ text }).transform((it) => it.text)]))
    .min(1)
    .max(RERANK_DOCUMENTS_MAX),
  /** As many of the best; unless given, all. */
  top_n: z.number().int().min(1).nullish(),
  return_documents: z.boolean().nullish(),
});

/** What else Cohere's clients can say: how much of a document is read, and of which of its fields. */
const RERANK_FIELDS = {
  ...{ model: read, query: read, documents: read, top_n: read, return_documents: read },
  max_tokens_per_doc: neutral(z.never(), "A document is read whole or refused; cut it yourself."),
  max_chunks_per_doc: neutral(z.never(), "Documents are not cut into chunks; cut them yourself."),
  rank_fields: neutral(z.never(), "Documents are ranked by their `text`; put the fields there."),
} as const satisfies Record<string, FieldRule>;

export const rerankBodySchema = bodySchemaOf(RERANK_FIELDS).pipe(readSchema);

export type RerankBody = z.infer<typeof rerankBodySchema>;

export type WireRerankReply = {
  id: string;
  model: string;
  /** Best first; `index` counts the request's documents. */
  results: { index: number; relevance_score: number; document?: { text: string } }[];
  usage: { prompt_tokens: number; total_tokens: number };
};

export function toRerankRequest(body: RerankBody, requestId: string): RerankRequest {
  const { model, query, documents } = body;
  return { requestId, model, query, documents };
}

export function toWireRerankReply(
  { scores, promptTokens }: RerankReply,
  body: RerankBody,
  requestId: string,
): WireRerankReply {
  const ranked = scores
    .map((score, index) => ({ index, relevance_score: score }))
    // Equal ones in the order in which they came.
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
    .slice(0, body.top_n ?? scores.length);
  const results = ranked.map((it) => {
    const document = body.documents[it.index];
    return body.return_documents && document !== undefined
      ? { ...it, document: { text: document } }
      : it;
  });
  const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
  return { id: requestId, model: body.model, results, usage };
}
