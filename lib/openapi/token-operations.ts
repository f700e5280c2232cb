import * as z from "zod";
import { countTokensSchema } from "@/lib/anthropic/messages/count-tokens";
import { MODELS_PAGE_DEFAULT, MODELS_PAGE_MAX } from "@/lib/limits";
import { tokenCheckBodySchema } from "@/lib/openai/tokens/token-check";
import { detokenizeBodySchema, tokenizeBodySchema } from "@/lib/openai/tokens/tokenize";
import { paths } from "@/lib/paths";
import { tokenCountSchema } from "./anthropic-replies";
import { EXAMPLE_MESSAGES, EXAMPLE_MODEL, EXAMPLE_READER } from "./example";
import {
  detokenizeReplySchema,
  modelListSchema,
  modelSchema,
  tokenCheckReplySchema,
  tokenizeReplySchema,
  tokenizerInfoReplySchema,
} from "./model-replies";
import { ERRORS_OF, type Operation } from "./operation";

const ONLY_MODEL = {
  model: "A name or alias; may be absent where the server has one model alone.",
};

const nothing = z.strictObject({}).nullish();

/** Which models there are, and how their tokens are counted. */
export const TOKEN_OPERATIONS: readonly Operation[] = [
  {
    ...{ id: "listModels", method: "get", path: paths.v1.models },
    ...{ tag: "Models and tokens", scope: "read", shape: "openai" },
    errors: [...ERRORS_OF.reading, "invalid-request"],
    summary: "The models that answer now",
    description:
      "In Anthropic's shape, and its errors, where the request has the header `anthropic-version`; the parameters are for that shape alone.",
    parameters: [
      {
        ...{ name: "limit", in: "query", schema: z.number().int().min(1).max(MODELS_PAGE_MAX) },
        description: `Models of a page, ${MODELS_PAGE_DEFAULT} unless told.`,
      },
      {
        ...{ name: "after_id", in: "query", schema: z.string().min(1) },
        description: "Those behind this one.",
      },
      {
        ...{ name: "before_id", in: "query", schema: z.string().min(1) },
        description: "Those before this one.",
      },
    ],
    reply: { name: "ModelList", schema: modelListSchema, description: "All that the key may use." },
  },
  {
    ...{ id: "getModel", method: "get", path: `${paths.v1.models}/{id}` },
    ...{ tag: "Models and tokens", scope: "read", shape: "openai" },
    errors: [...ERRORS_OF.reading, "invalid-request", "model-not-found", "no-worker"],
    summary: "One model",
    description:
      "In Anthropic's shape, and its errors, where the request has the header `anthropic-version`.",
    parameters: [
      {
        ...{ name: "id", in: "path", schema: z.string().min(1) },
        description: "Its name, which may hold slashes.",
      },
    ],
    reply: { name: "Model", schema: modelSchema, description: "The model." },
  },
  {
    ...{ id: "countMessageTokens", method: "post", path: paths.v1.countTokens },
    ...{ tag: "Models and tokens", scope: "read", shape: "anthropic", errors: ERRORS_OF.model },
    summary: "Tokens of a prompt, in Anthropic's shape",
    request: {
      ...{ name: "CountTokensRequest", schema: countTokensSchema },
      example: { model: EXAMPLE_MODEL, messages: EXAMPLE_MESSAGES },
    },
    reply: { name: "TokenCount", schema: tokenCountSchema, description: "As a request has them." },
  },
  {
    ...{ id: "tokenize", method: "post", path: paths.tokenize },
    ...{ tag: "Models and tokens", scope: "read", shape: "openai", errors: ERRORS_OF.model },
    summary: "The tokens of a text or conversation",
    description: "vLLM's shape.",
    request: {
      ...{ name: "TokenizeRequest", schema: tokenizeBodySchema },
      notes: { ...ONLY_MODEL, prompt: "A text; or, in its place, `messages`." },
      anyOf: ["prompt", "messages"],
      changes: {
        continue_final_message: z.literal(false).nullish(),
        chat_template: z.null().optional(),
        ...{ chat_template_kwargs: nothing, mm_processor_kwargs: nothing },
      },
      example: { model: EXAMPLE_MODEL, prompt: "Hello" },
    },
    reply: { name: "Tokens", schema: tokenizeReplySchema, description: "The tokens." },
  },
  {
    ...{ id: "detokenize", method: "post", path: paths.detokenize },
    ...{ tag: "Models and tokens", scope: "read", shape: "openai", errors: ERRORS_OF.model },
    summary: "The text of tokens",
    description: "vLLM's shape.",
    request: {
      ...{ name: "DetokenizeRequest", schema: detokenizeBodySchema, notes: ONLY_MODEL },
      example: { model: EXAMPLE_READER, tokens: [1, 2, 3] },
    },
    reply: { name: "Detokenized", schema: detokenizeReplySchema, description: "The text." },
  },
  {
    ...{ id: "getTokenizerInfo", method: "get", path: paths.tokenizerInfo },
    ...{ tag: "Models and tokens", scope: "read", shape: "openai" },
    errors: [...ERRORS_OF.reading, "invalid-request", "model-not-found", "no-worker"],
    summary: "A model's tokenizer",
    description: "vLLM's shape: tokenizer_config.json.",
    parameters: [
      {
        ...{ name: "model", in: "query", schema: z.string().min(1) },
        description: ONLY_MODEL.model,
      },
    ],
    reply: {
      ...{ name: "TokenizerInfo", schema: tokenizerInfoReplySchema },
      description: "The file, with how much the model reads here.",
    },
  },
  {
    ...{ id: "checkTokens", method: "post", path: paths.fastchat.tokenCheck },
    ...{ tag: "FastChat", scope: "read", shape: "openai", errors: ERRORS_OF.model },
    summary: "Whether prompts leave room for an answer",
    request: {
      ...{ name: "TokenCheckRequest", schema: tokenCheckBodySchema },
      example: { prompts: [{ model: EXAMPLE_MODEL, prompt: "Hello", max_tokens: 64 }] },
    },
    reply: {
      ...{ name: "TokenCheck", schema: tokenCheckReplySchema },
      description: "One verdict for each prompt, in order.",
    },
  },
];
