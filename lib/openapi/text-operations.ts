import * as z from "zod";
import { classifyBodySchema } from "@/lib/openai/classify/classify";
import { embeddingsRequestSchema } from "@/lib/openai/embeddings/request";
import { moderationBodySchema } from "@/lib/openai/moderations/moderation";
import { rerankBodySchema } from "@/lib/openai/rerank/rerank";
import { paths } from "@/lib/paths";
import { EXAMPLE_READER } from "./example";
import { embeddingsReplySchema, rerankReplySchema } from "./openai-replies";
import { ERRORS_OF, type Operation } from "./operation";
import { classifyReplySchema, moderationReplySchema } from "./text-replies";

export const TEXT_OPERATIONS: readonly Operation[] = [
  {
    ...{ id: "createEmbeddings", method: "post", path: paths.v1.embeddings },
    ...{ tag: "Texts", scope: "texts", shape: "openai", errors: ERRORS_OF.model },
    summary: "Texts as vectors",
    description: "OpenAI's Embeddings; each vector has unit length.",
    request: {
      ...{ name: "EmbeddingsRequest", schema: embeddingsRequestSchema },
      changes: { dimensions: z.null().optional() },
      example: { model: EXAMPLE_READER, input: ["A cat sat down.", "Le chat s'est assis."] },
    },
    reply: {
      ...{ name: "Embeddings", schema: embeddingsReplySchema },
      description: "One vector for each text, in order.",
    },
  },
  {
    ...{ id: "rerank", method: "post", path: paths.v1.rerank },
    ...{ tag: "Texts", scope: "texts", shape: "openai", errors: ERRORS_OF.model },
    summary: "Documents by how well they answer a query",
    description: "The shape that Cohere's and Jina's endpoints have in common.",
    request: {
      ...{ name: "RerankRequest", schema: rerankBodySchema },
      example: {
        model: EXAMPLE_READER,
        query: "Where do penguins live?",
        documents: ["In the south.", "At noon."],
      },
    },
    reply: { name: "Ranking", schema: rerankReplySchema, description: "Best first." },
  },
  {
    ...{ id: "classify", method: "post", path: paths.v1.classify },
    ...{ tag: "Texts", scope: "texts", shape: "openai", errors: ERRORS_OF.model },
    summary: "Labels of texts",
    description: "vLLM's shape, where OpenAI has none.",
    request: {
      ...{ name: "ClassifyRequest", schema: classifyBodySchema },
      notes: { input: "A text, or a list of texts." },
      example: { model: EXAMPLE_READER, input: ["I like it.", "I do not."] },
    },
    reply: {
      ...{ name: "Classification", schema: classifyReplySchema },
      description: "The labels of each text, the likeliest first.",
    },
  },
  {
    ...{ id: "createModeration", method: "post", path: paths.v1.moderations },
    ...{ tag: "Texts", scope: "texts", shape: "openai" },
    errors: [...ERRORS_OF.model, "not-found", "not-supported"],
    summary: "Whether texts are harmful, and how",
    description: "OpenAI's Moderations, answered by a classifier where the operator names one.",
    request: {
      ...{ name: "ModerationRequest", schema: moderationBodySchema },
      notes: {
        model: "The moderator of this server, or any name of OpenAI's; may be absent.",
        input: "A text, texts with a result each, or the text parts of one.",
      },
      example: { input: "I will find you." },
    },
    reply: {
      ...{ name: "Moderation", schema: moderationReplySchema },
      description: "One result for each text.",
    },
  },
];
