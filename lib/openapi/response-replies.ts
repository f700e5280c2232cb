import * as z from "zod";
import type { ResponseEvent } from "@/lib/openai/responses/event";
import type {
  FunctionCallItem,
  FunctionCallOutputItem,
  InputMessageItem,
  OutputMessageItem,
  ReasoningItem,
} from "@/lib/openai/responses/item";
import type { ItemPage } from "@/lib/openai/responses/item-page";
import type { ResponseObject } from "@/lib/openai/responses/response-object";
import type { ResponseUsage } from "@/lib/openai/responses/usage";
import { formOf } from "./reply-schema";

/** What OpenAI's Responses are made of. */

const count = z.number().int().min(0);
const seconds = count.describe("Unix time in seconds.");
const text = z.string();
const status = z.enum(["in_progress", "completed", "incomplete"]);
const completed = z.literal("completed");

const token = z.object({ token: text, logprob: z.number(), bytes: z.array(count) });
const logprobs = z.array(token.extend({ top_logprobs: z.array(token) }));
const inputText = z.object({ type: z.literal("input_text"), text });
const inputImage = z.object({
  ...{ type: z.literal("input_image"), detail: z.enum(["auto", "low", "high"]) },
  image_url: text.describe("The image itself as a data: URL, or where it is."),
});
const inputPart = z.union([inputText, inputImage]);
const outputText = z.object({
  ...{ type: z.literal("output_text"), text, logprobs },
  annotations: z.array(z.unknown()),
});
const summaryText = z.object({ type: z.literal("summary_text"), text });
const reasoningText = z.object({ type: z.literal("reasoning_text"), text });

const outputMessage = formOf<OutputMessageItem>()(
  z.object({
    ...{ id: text, type: z.literal("message"), role: z.literal("assistant"), status },
    content: z.array(outputText),
  }),
);
const functionCall = formOf<FunctionCallItem>()(
  z.object({
    ...{ id: text, type: z.literal("function_call"), status, call_id: text, name: text },
    arguments: text.describe("JSON, as the model wrote it."),
  }),
);
const reasoning = formOf<ReasoningItem>()(
  z.object({
    ...{ id: text, type: z.literal("reasoning"), status, summary: z.array(summaryText) },
    content: z.array(reasoningText).optional(),
  }),
);
const inputMessage = formOf<InputMessageItem>()(
  z.object({
    ...{ id: text, type: z.literal("message"), status: completed },
    ...{ role: z.enum(["user", "system", "developer"]), content: z.array(inputPart) },
  }),
);
const functionCallOutput = formOf<FunctionCallOutputItem>()(
  z.object({
    ...{ id: text, type: z.literal("function_call_output"), status: completed, call_id: text },
    output: z.union([text, z.array(inputPart)]),
  }),
);

const outputItem = z.union([outputMessage, functionCall, reasoning]);

const usage = formOf<ResponseUsage>()(
  z.object({
    input_tokens: count,
    input_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: z.literal(0) }),
    output_tokens: count,
    output_tokens_details: z.object({ reasoning_tokens: count }),
    total_tokens: count,
  }),
);

const jsonSchema = z.union([z.boolean(), z.record(text, z.unknown())]);
const format = z.union([
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    ...{ type: z.literal("json_schema"), name: text, schema: jsonSchema },
    ...{ description: text.nullish(), strict: z.boolean().nullish() },
  }),
]);
const named = z.object({ type: z.literal("function"), name: text });
const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  named,
  z.object({
    ...{ type: z.literal("allowed_tools"), mode: z.enum(["auto", "required"]) },
    tools: z.array(named),
  }),
]);
const tool = z.object({
  ...{ type: z.literal("function"), name: text, description: text.nullable() },
  ...{ parameters: jsonSchema.nullable(), strict: z.boolean().nullable() },
});

export const responseSchema = formOf<ResponseObject>()(
  z.object({
    ...{ id: text, object: z.literal("response"), created_at: seconds },
    status: z.enum(["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]),
    error: z
      .object({
        code: z.enum(["server_error", "rate_limit_exceeded", "invalid_prompt"]),
        message: text,
      })
      .nullable(),
    incomplete_details: z.object({ reason: z.literal("max_output_tokens") }).nullable(),
    completed_at: seconds.nullable(),
    output: z.array(outputItem),
    usage: usage.nullable(),
    ...{ background: z.boolean(), conversation: z.null(), instructions: text.nullable() },
    ...{ max_output_tokens: count.nullable(), metadata: z.record(text, text) },
    model: text.describe("The one that answers; as long as none does, the one asked for."),
    ...{ moderation: z.null(), parallel_tool_calls: z.boolean(), prompt: z.null() },
    ...{ previous_response_id: text.nullable(), prompt_cache_key: text.nullable() },
    prompt_cache_retention: z.enum(["in_memory", "24h"]).nullable(),
    reasoning: z.object({ effort: text.nullable(), summary: text.nullable() }),
    ...{ safety_identifier: text.nullable(), service_tier: z.literal("default") },
    ...{ store: z.boolean(), temperature: z.number().nullable(), top_p: z.number().nullable() },
    text: z.object({ format, verbosity: z.literal("medium") }),
    ...{ tool_choice: toolChoice, tools: z.array(tool), top_logprobs: count },
    ...{ truncation: z.literal("disabled"), user: text.nullable() },
  }),
);

export const responseDeletedSchema = z.object({
  ...{ id: text, object: z.literal("response"), deleted: z.literal(true) },
});

export const responseInputTokensSchema = z.object({
  ...{ object: z.literal("response.input_tokens"), input_tokens: count },
});

export const itemPageSchema = formOf<ItemPage>()(
  z.object({
    object: z.literal("list"),
    data: z.array(z.union([inputMessage, functionCallOutput, outputItem])),
    ...{ first_id: text.nullable(), last_id: text.nullable(), has_more: z.boolean() },
  }),
);

const sequence_number = count.describe("From 0 on within a response.");
const item = { item_id: text, output_index: count, sequence_number };
const part = { ...item, content_index: count };
const summary = { ...item, summary_index: count };

export const responseEventSchema = formOf<ResponseEvent>()(
  z.union([
    z.object({
      type: z.enum([
        ...(["response.created", "response.queued", "response.in_progress"] as const),
        ...(["response.completed", "response.incomplete", "response.failed"] as const),
      ]),
      ...{ response: responseSchema, sequence_number },
    }),
    z.object({
      type: z.enum(["response.output_item.added", "response.output_item.done"]),
      ...{ output_index: count, item: outputItem, sequence_number },
    }),
    z.object({
      type: z.enum(["response.content_part.added", "response.content_part.done"]),
      ...{ ...part, part: z.union([outputText, reasoningText]) },
    }),
    z.object({ type: z.literal("response.output_text.delta"), delta: text, logprobs, ...part }),
    z.object({ type: z.literal("response.output_text.done"), text, logprobs, ...part }),
    z.object({ type: z.literal("response.reasoning_text.delta"), delta: text, ...part }),
    z.object({ type: z.literal("response.reasoning_text.done"), text, ...part }),
    z.object({
      type: z.enum([
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_part.done",
      ]),
      ...{ ...summary, part: summaryText },
    }),
    z.object({ type: z.literal("response.reasoning_summary_text.delta"), delta: text, ...summary }),
    z.object({ type: z.literal("response.reasoning_summary_text.done"), text, ...summary }),
    z.object({ type: z.literal("response.function_call_arguments.delta"), delta: text, ...item }),
    z.object({
      type: z.literal("response.function_call_arguments.done"),
      ...{ ...item, name: text, arguments: text },
    }),
    z.object({
      ...{ type: z.literal("error"), message: text, sequence_number },
      ...{ code: text.nullable(), param: text.nullable() },
    }),
  ]),
);
