import * as z from "zod";
import { accepted, type FieldRule, neutral, read } from "@/lib/util/field-rule";

const emptyList = z.array(z.unknown()).max(0);
const nothing = z.never();

/** One row for each field of the API reference's "Create chat completion"; null means absent in all of them. */
export const CHAT_FIELDS = {
  model: read,
  messages: read,
  temperature: read,
  top_p: read,
  max_tokens: read,
  max_completion_tokens: read,
  stop: read,
  seed: read,
  stream: read,
  stream_options: read,
  frequency_penalty: read,
  presence_penalty: read,
  logit_bias: read,
  logprobs: read,
  top_logprobs: read,
  n: read,
  response_format: read,
  tools: read,
  tool_choice: read,
  parallel_tool_calls: read,
  reasoning_effort: read,

  metadata: accepted(z.record(z.string(), z.string())),
  prediction: accepted(z.record(z.string(), z.unknown())),
  prompt_cache_key: read,
  prompt_cache_options: accepted(z.record(z.string(), z.unknown())),
  prompt_cache_retention: accepted(z.string()),
  safety_identifier: read,
  user: read,

  audio: neutral(nothing, "Answers are text; remove it."),
  function_call: neutral(z.enum(["none", "auto"]), "Send `tool_choice` instead."),
  functions: neutral(emptyList, "Send `tools` instead."),
  modalities: neutral(z.tuple([z.literal("text")]), 'Remove it or send ["text"].'),
  moderation: neutral(nothing, "Remove it."),
  service_tier: neutral(z.enum(["auto", "default"]), 'Remove it or send "default".'),
  store: neutral(z.literal(false), "Nothing is stored; remove it or send false."),
  verbosity: neutral(z.literal("medium"), 'Remove it or send "medium".'),
  web_search_options: neutral(nothing, "The web is not searched; remove it."),
} as const satisfies Record<string, FieldRule>;

/** Fields that OpenAI's API has not, under the names that vLLM and its kin gave them. */
export const EXTENSION_FIELDS = {
  /** OpenRouter's fallback list, and what `auto` keeps to (protocol/routing.ts). */
  models: read,
  routing: read,
  top_k: read,
  min_p: read,
  repetition_penalty: read,
  min_tokens: read,
  ignore_eos: read,
  stop_token_ids: read,
  /** vLLM's: `{"regex": …}`, `{"choice": […]}`, `{"json": schema}` or `{"json_object": true}`. */
  structured_outputs: read,

  // vLLM's earlier names, and what its chats are told of the template.
  guided_json: neutral(nothing, 'Send `structured_outputs: {"json": …}` instead.'),
  guided_regex: neutral(nothing, 'Send `structured_outputs: {"regex": …}` instead.'),
  guided_choice: neutral(nothing, 'Send `structured_outputs: {"choice": …}` instead.'),
  chat_template: neutral(nothing, "The model's own template is used; remove it."),
  chat_template_kwargs: neutral(
    z.strictObject({}),
    "Send `reasoning_effort` where that is meant, or remove it.",
  ),
  enable_thinking: neutral(nothing, 'Send `reasoning_effort` instead; "none" is for no reasoning.'),
  add_generation_prompt: neutral(z.literal(true), "The answer begins anew; remove it."),
  continue_final_message: neutral(z.literal(false), "Every message ends where it ends; remove it."),
} as const satisfies Record<string, FieldRule>;
