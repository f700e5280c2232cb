import * as z from "zod";
import { messageRequestSchema } from "@/lib/anthropic/messages/request";
import { fastchatRequestSchema } from "@/lib/openai/chat/fastchat-request";
import { chatMessagesSchema } from "@/lib/openai/chat/messages";
import { chatRequestSchema } from "@/lib/openai/chat/request";
import { completionRequestSchema } from "@/lib/openai/completions/request";
import { paths } from "@/lib/paths";
import { feedbackBodySchema } from "@/lib/protocol/feedback";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { messageEventSchema, messageReplySchema } from "./anthropic-replies";
import { EXAMPLE_MESSAGES, EXAMPLE_MODEL } from "./example";
import { feedbackReplySchema } from "./model-replies";
import { chatChunkSchema, chatReplySchema, completionReplySchema } from "./openai-replies";
import { ERRORS_OF, type Operation } from "./operation";

/** What only Responses keep. */
const NOT_KEPT = {
  metadata: "Names with texts.",
  safety_identifier: "Who the caller's caller is.",
  prompt_cache_key: "Prompts that begin alike share that beginning unasked.",
  prompt_cache_retention: "As `prompt_cache_key`.",
};

export const GENERATION_OPERATIONS: readonly Operation[] = [
  {
    ...{ id: "createChatCompletion", method: "post", path: paths.v1.chatCompletions },
    ...{ tag: "Generation", scope: "generate", shape: "openai", errors: ERRORS_OF.model },
    summary: "Answer a conversation",
    description: "OpenAI's Chat Completions: tools, JSON schemas, log-probabilities, streams.",
    request: {
      ...{ name: "ChatCompletionRequest", schema: chatRequestSchema, notes: NOT_KEPT },
      example: { model: EXAMPLE_MODEL, messages: EXAMPLE_MESSAGES },
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
      changes: { suffix: z.literal("").nullish() },
      example: { model: EXAMPLE_MODEL, prompt: "Once upon a time", max_tokens: 16 },
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
      notes: { metadata: "Who the caller's caller is." },
      example: { model: EXAMPLE_MODEL, max_tokens: 128, messages: EXAMPLE_MESSAGES },
    },
    reply: { name: "Message", schema: messageReplySchema, description: "The whole answer." },
    stream: {
      ...{ name: "MessageEvent", schema: messageEventSchema },
      description:
        "Each event bears its type as its name. An answer that fails ends with the event `error`; `ping` says only that the stream lives.",
    },
  },
  {
    ...{ id: "createFastchatCompletion", method: "post", path: paths.fastchat.chatCompletions },
    ...{ tag: "FastChat", scope: "generate", shape: "openai", errors: ERRORS_OF.model },
    summary: "Answer a conversation, at FastChat's address",
    description:
      "As `/v1/chat/completions`; `messages` may be one text, which is gone on with as it is.",
    request: {
      ...{ name: "FastchatChatRequest", schema: fastchatRequestSchema, form: chatRequestSchema },
      notes: NOT_KEPT,
      changes: { messages: z.union([textSchema.min(1), chatMessagesSchema]) },
      example: { model: EXAMPLE_MODEL, messages: "Once upon a time" },
    },
    reply: {
      ...{ name: "ChatCompletion", schema: chatReplySchema, description: "The whole answer." },
    },
    stream: {
      ...{ name: "ChatCompletionChunk", schema: chatChunkSchema },
      description: "As of `/v1/chat/completions`.",
    },
  },
  {
    ...{ id: "createFeedback", method: "post", path: paths.v1.feedback },
    ...{ tag: "Generation", scope: "generate", shape: "openai" },
    errors: [...ERRORS_OF.body, "not-found"],
    summary: "Say what you thought of an answer",
    description:
      "Kept apart from the votes of the arena: it changes no rating. A later one for the same answer takes the place of the earlier.",
    request: {
      ...{ name: "FeedbackRequest", schema: feedbackBodySchema, anyOf: ["id", "request_id"] },
      example: { id: "chatcmpl-00000000000000000000000000000000", score: "up" },
    },
    reply: { name: "Feedback", schema: feedbackReplySchema, description: "What was kept." },
  },
];
