import * as z from "zod";
import type { AnthropicError } from "@/lib/anthropic/error";
import type { MessageReply, MessageUsage } from "@/lib/anthropic/messages/reply";
import type { MessageEvent } from "@/lib/anthropic/messages/stream";
import { formOf } from "./reply-schema";

/** What answers Anthropic's clients. */

const count = z.number().int().min(0);
const text = z.string();

const usageFields = {
  input_tokens: count.describe("Of the prompt, without those found in the worker's cache."),
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  output_tokens: count,
  output_tokens_details: z.object({ thinking_tokens: count }),
  server_tool_use: z.null(),
};
const usage = formOf<MessageUsage>()(z.object(usageFields));

const stopReason = z.enum([
  ...(["end_turn", "stop_sequence", "max_tokens", "tool_use"] as const),
  "model_context_window_exceeded",
]);
const stop_sequence = text
  .nullable()
  .describe("Of `stop_sequences` the one that ended the answer.");

const contentBlock = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text }),
  z.object({
    ...{ type: z.literal("thinking"), thinking: text },
    signature: text.describe("Send it back with the block; empty of models that sign nothing."),
  }),
  z.object({
    type: z.literal("redacted_thinking"),
    data: text.describe("What the model's provider wants back, where thinking was asked for."),
  }),
  z.object({
    ...{ type: z.literal("tool_use"), id: text, name: text, input: z.unknown() },
    caller: z.object({ type: z.literal("direct") }),
  }),
]);

export const messageReplySchema = formOf<MessageReply>()(
  z.object({
    ...{ id: text, type: z.literal("message"), role: z.literal("assistant") },
    model: text.describe("The model that answered."),
    content: z.array(contentBlock),
    ...{ stop_reason: stopReason.nullable(), stop_sequence },
    ...{ stop_details: z.null(), container: z.null(), diagnostics: z.null() },
    usage: z.object({
      ...usageFields,
      ...{ cache_creation: z.null(), inference_geo: z.null() },
      ...{ service_tier: z.null(), speed: z.null() },
    }),
  }),
);

export const messageEventSchema = formOf<MessageEvent>()(
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("message_start"), message: messageReplySchema }),
    z.object({
      ...{ type: z.literal("content_block_start"), index: count, content_block: contentBlock },
    }),
    z.object({
      ...{ type: z.literal("content_block_delta"), index: count },
      delta: z.discriminatedUnion("type", [
        z.object({ type: z.literal("text_delta"), text }),
        z.object({ type: z.literal("thinking_delta"), thinking: text }),
        z.object({ type: z.literal("signature_delta"), signature: text }),
        z.object({ type: z.literal("input_json_delta"), partial_json: text }),
      ]),
    }),
    z.object({ type: z.literal("content_block_stop"), index: count }),
    z.object({
      type: z.literal("message_delta"),
      delta: z.object({
        ...{ stop_reason: stopReason, stop_sequence },
        ...{ stop_details: z.null(), container: z.null() },
      }),
      usage,
    }),
    z.object({ type: z.literal("message_stop") }),
  ]),
);

export const anthropicErrorSchema = formOf<AnthropicError>()(
  z.object({
    type: z.literal("error"),
    error: z.object({
      type: z.enum([
        ...(["invalid_request_error", "authentication_error", "permission_error"] as const),
        ...(["not_found_error", "conflict_error", "request_too_large"] as const),
        ...(["rate_limit_error", "timeout_error", "api_error", "overloaded_error"] as const),
      ]),
      message: text.describe("What happened and what to do."),
      details: z.object({
        error_code: text,
        param: text.optional().describe("The field of the request at fault, as a dotted path."),
      }),
    }),
    request_id: text,
  }),
);

export const tokenCountSchema = z.object({ input_tokens: count });
