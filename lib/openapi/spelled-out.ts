import * as z from "zod";
import { conversationSchema, systemSchema } from "@/lib/anthropic/messages/conversation";
import {
  EMBED_INPUTS_MAX,
  MESSAGES_MAX,
  MODERATION_PARTS_MAX,
  TOOL_CALLS_MAX,
  TOOLS_MAX,
} from "@/lib/limits";
import { chatMessagesSchema } from "@/lib/openai/chat/messages";
import { moderationBodySchema } from "@/lib/openai/moderations/moderation";
import * as responses from "@/lib/openai/responses/input";
import {
  allowedToolsSchema,
  namedToolSchema,
  toolChoiceSchema as responseToolChoiceSchema,
  toolsSchema as responseToolsSchema,
  toolFields,
} from "@/lib/openai/responses/tools";
import { cacheBreakpointSchema, cacheControlSchema } from "@/lib/protocol/cache-mark";
import { toolNameSchema } from "@/lib/protocol/message";

/**
 * What some schemas read by code rather than by form, told as a form: roles and blocks that each have
 * fields of their own. request-schema.fuzz.test.ts holds these to the schemas that they stand for.
 */

const text = z.string();
/** Where a field says nothing it may stand anywhere. */
const absent = z.union([z.null(), z.array(z.unknown()).max(0), z.strictObject({})]).optional();
const id = z.string().min(1).max(128);

const chatPart = z.strictObject({
  ...{ type: z.literal("text"), text },
  prompt_cache_breakpoint: cacheBreakpointSchema.nullish(),
  cache_control: cacheControlSchema.nullish(),
});
const chatContent = z.union([text, z.array(chatPart).min(1)]);
const chatCalls = z
  .array(
    z.strictObject({
      ...{ id, type: z.literal("function"), index: z.number().int().nullish() },
      function: z.strictObject({
        name: toolNameSchema,
        arguments: z.string().describe("JSON, as the model wrote it."),
        parsed_arguments: z.unknown().optional().describe("Taken and left."),
      }),
    }),
  )
  .max(TOOL_CALLS_MAX);
const notShown = z.unknown().optional().describe("Not shown to the model again.");
const chatAbsent = {
  ...{ refusal: absent, function_call: absent, audio: absent },
  ...{ reasoning_content: absent, reasoning: absent, reasoning_details: absent },
  ...{ thinking_blocks: absent, provider_specific_fields: absent },
  ...{ annotations: absent, parsed: absent, images: absent },
  name: z.string().or(absent).describe("Taken; the model is not told of it."),
  cache_control: cacheControlSchema.or(absent).describe("Taken; it changes nothing here."),
  /** An empty list says nothing, here as in the fields above. */
  type: z.union([z.enum(["text", "message"]), absent]).optional(),
};
const noCalls = { tool_calls: absent, tool_call_id: z.null().optional() };

const chatMessages = z
  .array(
    z.union([
      z.strictObject({
        ...{ role: z.enum(["system", "developer", "user"]), content: chatContent },
        ...{ ...chatAbsent, ...noCalls },
      }),
      z.strictObject({
        ...{ role: z.literal("assistant"), ...chatAbsent, ...noCalls },
        content: chatContent.nullish().describe("May be absent beside `tool_calls` alone."),
        tool_calls: chatCalls.nullish(),
        ...{ reasoning_content: notShown, reasoning: notShown, reasoning_details: notShown },
        ...{ thinking_blocks: notShown, provider_specific_fields: notShown },
        ...{ annotations: notShown, parsed: notShown },
      }),
      z.strictObject({
        ...{ role: z.literal("tool"), content: chatContent, ...chatAbsent },
        ...{ tool_call_id: id, tool_calls: absent },
      }),
    ]),
  )
  .min(1)
  .max(MESSAGES_MAX);

const cache_control = cacheControlSchema.nullish();
const callId = z.string().regex(/^[\w-]{1,128}$/);
const nothing = z.null().optional();
const textBlock = z.strictObject({
  ...{ type: z.literal("text"), text, cache_control, citations: absent },
});
const resultBlock = z.strictObject({
  ...{ type: z.literal("tool_result"), tool_use_id: callId, cache_control, toolset_name: nothing },
  content: z.union([text, z.array(textBlock)]).nullish(),
  is_error: z.boolean().nullish(),
});
const callBlock = z.strictObject({
  ...{ type: z.literal("tool_use"), id: callId, cache_control, toolset_name: nothing },
  name: toolNameSchema,
  input: z.record(z.string(), z.unknown()),
  caller: z.strictObject({ type: z.literal("direct") }).nullish(),
});
const thinkingBlock = z.strictObject({
  ...{ type: z.literal("thinking"), thinking: text, signature: text.nullish() },
});
const redactedBlock = z.strictObject({ type: z.literal("redacted_thinking"), data: text });

const conversation = z
  .array(
    z.union([
      z.strictObject({
        role: z.literal("user"),
        content: z.union([text, z.array(z.union([textBlock, resultBlock])).min(1)]),
      }),
      z.strictObject({
        role: z.literal("assistant"),
        content: z.union([
          text,
          z.array(z.union([textBlock, callBlock, thinkingBlock, redactedBlock])),
        ]),
      }),
      z.strictObject({
        role: z.literal("system"),
        content: z.union([text, z.array(textBlock).min(1)]),
      }),
    ]),
  )
  .min(1)
  .max(MESSAGES_MAX);

const said = text.min(1);
const moderated = z.union([
  said,
  z.array(said).min(1).max(EMBED_INPUTS_MAX),
  z
    .array(z.strictObject({ type: z.literal("text"), text: said }))
    .min(1)
    .max(MODERATION_PARTS_MAX),
]);

const inputParts = z.array(responses.inputPartSchema).min(1);
const outputParts = z.array(responses.outputPartSchema.partial({ parsed: true })).min(1);
const responseItem = z.union([
  ...([responses.inputMessageSchema, responses.outputMessageSchema] as const),
  ...([responses.functionCallSchema, responses.functionCallOutputSchema] as const),
  ...([responses.reasoningItemSchema, responses.referenceSchema] as const),
]);

export const SPELLED_OUT: ReadonlyMap<z.core.$ZodType, z.ZodType> = new Map<
  z.core.$ZodType,
  z.ZodType
>([
  [chatMessagesSchema, chatMessages],
  [conversationSchema, conversation],
  [systemSchema, z.union([text, z.array(textBlock)])],
  [responses.inputSchema, z.union([text, z.array(responseItem).max(MESSAGES_MAX)])],
  [responses.inputPartsSchema, inputParts],
  [responses.outputPartsSchema, outputParts],
  [responseToolsSchema, z.array(toolFields).max(TOOLS_MAX)],
  [
    responseToolChoiceSchema,
    z.union([z.enum(["none", "auto", "required"]), namedToolSchema, allowedToolsSchema]),
  ],
  [moderationBodySchema.shape.input, moderated],
]);
