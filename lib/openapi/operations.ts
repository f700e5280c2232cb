import * as z from "zod";
import { countTokensSchema } from "@/lib/anthropic/messages/count-tokens";
import { messageRequestSchema } from "@/lib/anthropic/messages/request";
import { chatRequestSchema } from "@/lib/openai/chat/request";
import { completionRequestSchema } from "@/lib/openai/completions/request";
import { embeddingsRequestSchema } from "@/lib/openai/embeddings/request";
import { rerankBodySchema } from "@/lib/openai/rerank/rerank";
import { paths } from "@/lib/paths";
import { messageEventSchema, messageReplySchema, tokenCountSchema } from "./anthropic-replies";
import { modelListSchema, modelObjectSchema } from "./model-replies";
import {
  chatChunkSchema,
  chatReplySchema,
  completionReplySchema,
  embeddingsReplySchema,
  rerankReplySchema,
} from "./openai-replies";
import { ERRORS_OF, type Operation } from "./operation";

const HELLO = [{ role: "user", content: "Hello" }];
/** Examples name what every server knows. */
const model = "auto";

const GENERATION: readonly Operation[] = [
  {
    ...{ id: "createChatCompletion", method: "post", path: paths.v1.chatCompletions },
    ...{ tag: "Generation", scope: "generate", shape: "openai", errors: ERRORS_OF.model },
    summary: "Answer a conversation",
    description: "OpenAI's Chat Completions: tools, JSON schemas, log-probabilities, streams.",
    request: {
      ...{ name: "ChatCompletionRequest", schema: chatRequestSchema },
      example: { model, messages: HELLO },
    },
    reply: {
      ...{ name: "ChatCompletion", schema: chatReplySchema, description: "The whole answer." },
    },
    stream: {
      ...{ name: "ChatCompletionChunk", schema: chatChunkSchema },
      description:
        "Each event is a ChatCompletionChunk; after the last comes `[DONE]`. An answer that fails ends with an event that holds an error instead, and the text until then stands.",
    },
  },
  {
    ...{ id: "createCompletion", method: "post", path: paths.v1.completions },
    ...{ tag: "Generation", scope: "generate", shape: "openai", errors: ERRORS_OF.model },
    summary: "Go on with a text",
    description:
      "OpenAI's Completions, without a chat template; `echo` and `logprobs` score texts.",
    request: {
      ...{ name: "CompletionRequest", schema: completionRequestSchema },
      notes: { logprobs: "So many of the likeliest tokens are told with each token." },
      example: { model, prompt: "Once upon a time", max_tokens: 16 },
    },
    reply: { name: "Completion", schema: completionReplySchema, description: "The whole answer." },
    stream: {
      ...{ name: "CompletionChunk", schema: completionReplySchema },
      description: "Each event is a Completion of what came since; after the last comes `[DONE]`.",
    },
  },
  {
    ...{ id: "createMessage", method: "post", path: paths.v1.messages },
    ...{ tag: "Generation", scope: "generate", shape: "anthropic", errors: ERRORS_OF.model },
    summary: "Answer a conversation, in Anthropic's shape",
    description: "Anthropic's Messages: the same models and keys, for programs that speak it.",
    request: {
      ...{ name: "MessageRequest", schema: messageRequestSchema },
      example: { model, max_tokens: 128, messages: HELLO },
    },
    reply: { name: "Message", schema: messageReplySchema, description: "The whole answer." },
    stream: {
      ...{ name: "MessageEvent", schema: messageEventSchema },
      description:
        "Each event bears its type as its name. An answer that fails ends with the event `error`; `ping` says only that the stream lives.",
    },
  },
];

const TEXTS: readonly Operation[] = [
  {
    ...{ id: "createEmbeddings", method: "post", path: paths.v1.embeddings },
    ...{ tag: "Texts", scope: "texts", shape: "openai", errors: ERRORS_OF.model },
    summary: "Texts as vectors",
    description: "OpenAI's Embeddings; each vector has unit length.",
    request: {
      ...{ name: "EmbeddingsRequest", schema: embeddingsRequestSchema },
      example: { model, input: ["A cat sat down.", "Le chat s'est assis."] },
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
        model,
        query: "Where do penguins live?",
        documents: ["In the south.", "At noon."],
      },
    },
    reply: { name: "Ranking", schema: rerankReplySchema, description: "Best first." },
  },
];

const MODELS: readonly Operation[] = [
  {
    ...{ id: "listModels", method: "get", path: paths.v1.models },
    ...{ tag: "Models and tokens", scope: "read", shape: "openai", errors: ERRORS_OF.reading },
    summary: "The models that answer now",
    reply: { name: "ModelList", schema: modelListSchema, description: "All that the key may use." },
  },
  {
    ...{ id: "getModel", method: "get", path: `${paths.v1.models}/{id}` },
    ...{ tag: "Models and tokens", scope: "read", shape: "openai" },
    errors: [...ERRORS_OF.reading, "model-not-found"],
    summary: "One model",
    parameters: [
      {
        ...{ name: "id", in: "path", schema: z.string().min(1) },
        description: "Its name, which may hold slashes.",
      },
    ],
    reply: { name: "Model", schema: modelObjectSchema, description: "The model." },
  },
  {
    ...{ id: "countMessageTokens", method: "post", path: paths.v1.countTokens },
    ...{ tag: "Models and tokens", scope: "read", shape: "anthropic", errors: ERRORS_OF.model },
    summary: "Tokens of a prompt, in Anthropic's shape",
    request: {
      ...{ name: "CountTokensRequest", schema: countTokensSchema },
      example: { model, messages: HELLO },
    },
    reply: { name: "TokenCount", schema: tokenCountSchema, description: "As a request has them." },
  },
];

const ABOUT: readonly Operation[] = [
  {
    ...{ id: "describeApi", method: "get", path: paths.v1.openapi },
    ...{ tag: "About", scope: "none", shape: "openai", errors: ERRORS_OF.open },
    summary: "This document",
    reply: {
      ...{ name: "OpenApiDocument", schema: z.looseObject({ openapi: z.string() }) },
      description: "OpenAPI 3.1.",
    },
  },
];

/** Everything that programs may call, in the order in which people read of it. */
export const OPERATIONS: readonly Operation[] = [...GENERATION, ...TEXTS, ...MODELS, ...ABOUT];
