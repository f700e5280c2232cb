import * as z from "zod";
import { DETOKENIZE_IDS_MAX } from "@/lib/limits";
import { reasoningEffortSchema } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import type {
  DetokenizeReply,
  DetokenizeRequest,
  TokenizeReply,
  TokenizeRequest,
  TokenizerInfoReply,
} from "@/lib/protocol/text";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { refuse, reject } from "@/lib/util/refuse";
import { toolChoiceSchema, toolsSchema, toToolRequest } from "../chat/answer-shape";
import { chatMessagesSchema } from "../chat/messages";
import { withoutAbsent } from "../sampling-fields";

/** `POST /tokenize`, `POST /detokenize` and `GET /tokenizer_info` as vLLM has them, where OpenAI has none. */

/** Absent where the server has one model alone, as evaluation harnesses take for granted. */
const model = textSchema.min(1).max(256).nullish();

const fieldsSchema = z.strictObject({
  model,
  /** A text; or, in its place, `messages`. */
  prompt: textSchema.nullish(),
  messages: chatMessagesSchema.nullish(),
  /** Of a text: the control tokens that the tokenizer itself puts around it; absent: yes. */
  add_special_tokens: z.boolean().nullish(),
  /** The tokens under their names in the vocabulary, too. */
  return_token_strs: z.boolean().nullish(),
  /** Of messages: the prompt ends where the assistant begins to speak; absent: yes. */
  add_generation_prompt: z.boolean().nullish(),
  tools: toolsSchema.nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  reasoning_effort: reasoningEffortSchema.nullish(),
  continue_final_message: z.boolean().nullish(),
  chat_template: z.string().nullish(),
  chat_template_kwargs: z.record(z.string(), z.unknown()).nullish(),
  mm_processor_kwargs: z.record(z.string(), z.unknown()).nullish(),
});

/** Of a conversation alone. */
const CHAT_FIELDS = [
  ...(["add_generation_prompt", "tools", "tool_choice", "reasoning_effort"] as const),
];
/** What vLLM's server can do and this one not, with what to do instead; `false` and an empty object ask for nothing. */
const NOT_OFFERED = {
  continue_final_message: "Every message ends where it ends; remove it.",
  chat_template:
    "The model's own template is used; remove it, or send the rendered text as `prompt`.",
  chat_template_kwargs: "Send `reasoning_effort` where that is meant, or remove it.",
  mm_processor_kwargs: "Prompts are text; remove it.",
} as const;

export const tokenizeBodySchema = fieldsSchema.superRefine((body, context) => {
  if ((body.prompt == null) === (body.messages == null)) {
    reject(context, ["prompt"], "or `messages` is needed, and one of them alone.");
  }
  for (const [name, remedy] of Object.entries(NOT_OFFERED)) {
    // The names are those of the table above.
    const value = body[name as keyof typeof NOT_OFFERED];
    const asksNothing = value == null || value === false || isEmpty(value);
    if (asksNothing) continue;
    refuse(context, { path: [name], message: `is not supported by this server. ${remedy}` });
  }
  const odd = CHAT_FIELDS.find((name) => body[name] != null);
  if (body.messages == null && odd) reject(context, [odd], "is for `messages`; remove it.");
  if (body.messages != null && body.add_special_tokens) {
    const message = "is for `prompt`: of messages the chat template writes the control tokens.";
    refuse(context, { path: ["add_special_tokens"], message });
  }
});

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

export type TokenizeBody = z.infer<typeof tokenizeBodySchema>;

/**
 * @param name of the model, for a body that may name none.
 * @param messages of the body, with their images in them.
 */
export function toTokenizeRequest(
  body: TokenizeBody,
  { name, messages }: { name: string; messages: Message[] },
): TokenizeRequest {
  const common = { model: name, ...withoutAbsent({ returnNames: body.return_token_strs }) };
  if (body.messages == null) {
    const addSpecialTokens = body.add_special_tokens ?? true;
    return { ...common, text: body.prompt ?? "", addSpecialTokens };
  }
  return {
    ...{ ...common, messages },
    ...withoutAbsent({
      toolRequest: toToolRequest(body),
      reasoningEffort: body.reasoning_effort,
      addGenerationPrompt: body.add_generation_prompt,
    }),
  };
}

/** vLLM's TokenizeResponse. */
export function toTokenizeReply({ ids, contextLength, names }: TokenizeReply) {
  return {
    ...{ count: ids.length, max_model_len: contextLength, tokens: ids },
    token_strs: names ?? null,
  };
}

export const detokenizeBodySchema = z.strictObject({
  model,
  tokens: z.array(z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)).max(DETOKENIZE_IDS_MAX),
});

export function toDetokenizeRequest(
  { tokens }: z.infer<typeof detokenizeBodySchema>,
  name: string,
): DetokenizeRequest {
  return { model: name, ids: tokens };
}

/** vLLM's DetokenizeResponse. */
export function toDetokenizeReply({ text }: DetokenizeReply) {
  return { prompt: text };
}

/**
 * vLLM's TokenizerInfoResponse: tokenizer_config.json, as harnesses read it for the end token and the chat
 * template; and how much the model reads here, which may be less than the file says.
 */
export function toTokenizerInfoReply({ config, contextLength }: TokenizerInfoReply) {
  const told = config.model_max_length;
  const most = typeof told === "number" ? Math.min(told, contextLength) : contextLength;
  return { ...config, model_max_length: most };
}
