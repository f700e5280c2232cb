import * as z from "zod";
import { RESPONSE_ITEMS_PAGE_MAX } from "@/lib/limits";
import { responseRequestSchema } from "@/lib/openai/responses/request";
import { paths } from "@/lib/paths";
import { EXAMPLE_MODEL } from "./example";
import { ERRORS_OF, type Operation, type Parameter } from "./operation";
import {
  itemPageSchema,
  responseDeletedSchema,
  responseEventSchema,
  responseInputTokensSchema,
  responseSchema,
} from "./response-replies";

const path = paths.v1.response("{id}");
const RESPONSE = { name: "Response", schema: responseSchema };
const REQUEST = {
  ...{ name: "ResponseRequest", schema: responseRequestSchema },
  notes: {
    input: "A text, or messages and other items, oldest first.",
    user: "Told back with the answer.",
    stream_options: "Holds nothing that is offered.",
  },
  anyOf: ["input", "previous_response_id"],
  example: { model: EXAMPLE_MODEL, input: "Hello" },
};
const id: Parameter = {
  ...{ name: "id", in: "path", schema: z.string() },
  description: "Of a response that was made with the same key.",
};
const include: Parameter = {
  ...{ name: "include", in: "query", schema: z.array(z.literal("message.output_text.logprobs")) },
  description: "Taken; what was asked for at the making is told.",
};
const itemId = z.string().max(256);
const STREAM = {
  ...{ name: "ResponseEvent", schema: responseEventSchema },
  description:
    "Each event bears its type as its name and a number. One that ends `response.failed` tells why, and what was said until then stands.",
};

/** OpenAI's Responses, stored for who made them. */
export const RESPONSE_OPERATIONS: readonly Operation[] = [
  {
    ...{ id: "createResponse", method: "post", path: paths.v1.responses },
    ...{ tag: "Responses", scope: "generate", shape: "openai" },
    errors: [...ERRORS_OF.model, "not-found", "conflict"],
    summary: "Answer an input, and keep it",
    description:
      "OpenAI's Responses: go on from an earlier one by `previous_response_id`, or let it run in the background. `store: false` keeps nothing.",
    request: REQUEST,
    reply: { ...RESPONSE, description: "Whole; with `background: true` as it begins." },
    stream: STREAM,
  },
  {
    ...{ id: "countResponseInput", method: "post", path: paths.v1.responseInputTokens },
    ...{ tag: "Responses", scope: "read", shape: "openai" },
    errors: [...ERRORS_OF.model, "not-found"],
    summary: "Count the tokens of an input",
    description:
      "Those of the whole prompt: instructions, tools and the conversation before it. Nothing is made or kept.",
    request: REQUEST,
    reply: {
      ...{ name: "ResponseInputTokens", schema: responseInputTokensSchema },
      description: "Their number.",
    },
  },
  {
    ...{ id: "getResponse", method: "get", path },
    ...{ tag: "Responses", scope: "generate", shape: "openai" },
    errors: [...ERRORS_OF.object, "invalid-request"],
    summary: "A response that was kept",
    parameters: [
      id,
      {
        ...{ name: "stream", in: "query", schema: z.enum(["true", "false"]) },
        description: "Follow one that runs in the background.",
      },
      {
        ...{ name: "starting_after", in: "query", schema: z.number().int().min(0) },
        description: "Of a stream: the number of the last event that is known.",
      },
      include,
      {
        ...{ name: "include_obfuscation", in: "query", schema: z.literal("false") },
        description: "Streams are not padded.",
      },
    ],
    reply: { ...RESPONSE, description: "As it stands." },
    stream: STREAM,
  },
  {
    ...{ id: "deleteResponse", method: "delete", path },
    ...{ tag: "Responses", scope: "generate", shape: "openai", errors: ERRORS_OF.object },
    summary: "Forget a response",
    parameters: [id],
    reply: {
      ...{ name: "ResponseDeleted", schema: responseDeletedSchema, description: "It is gone." },
    },
  },
  {
    ...{ id: "cancelResponse", method: "post", path: `${path}/cancel` },
    ...{ tag: "Responses", scope: "generate", shape: "openai" },
    errors: [...ERRORS_OF.object, "conflict", "invalid-request"],
    summary: "Stop a response that runs in the background",
    parameters: [id],
    reply: { ...RESPONSE, description: "With what it had said." },
  },
  {
    ...{ id: "listInputItems", method: "get", path: `${path}/input_items` },
    ...{ tag: "Responses", scope: "generate", shape: "openai" },
    errors: [...ERRORS_OF.object, "invalid-request"],
    summary: "What a response answers",
    parameters: [
      id,
      {
        ...{ name: "limit", in: "query" },
        ...{ schema: z.number().int().min(1).max(RESPONSE_ITEMS_PAGE_MAX) },
        description: "Items of one page.",
      },
      {
        ...{ name: "order", in: "query", schema: z.enum(["asc", "desc"]) },
        description: "Oldest or, unless told, newest first.",
      },
      {
        ...{ name: "after", in: "query", schema: itemId },
        description: "The page after this item.",
      },
      {
        ...{ name: "before", in: "query", schema: itemId },
        description: "The page before this item.",
      },
      include,
    ],
    reply: { name: "ItemPage", schema: itemPageSchema, description: "A page of items." },
  },
];
