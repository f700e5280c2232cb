import * as z from "zod";
import { accepted, type FieldRule, neutral, read } from "@/lib/util/field-rule";

const nothing = z.never();
const emptyList = z.array(z.unknown()).max(0);

/** One row for each field of the API reference's "Create a model response"; null means absent in all of them. */
export const RESPONSE_FIELDS = {
  model: read,
  input: read,
  instructions: read,
  previous_response_id: read,
  temperature: read,
  top_p: read,
  max_output_tokens: read,
  tools: read,
  tool_choice: read,
  parallel_tool_calls: read,
  text: read,
  reasoning: read,
  include: read,
  top_logprobs: read,
  store: read,
  background: read,
  stream: read,
  stream_options: read,
  // Told back with the answer, so they are read and not just taken.
  metadata: read,
  user: read,
  safety_identifier: read,
  prompt_cache_key: read,
  prompt_cache_retention: read,

  prompt_cache_options: accepted(z.record(z.string(), z.unknown())),

  context_management: neutral(emptyList, "Conversations are not compacted; remove it."),
  conversation: neutral(nothing, "Send `previous_response_id` or the whole `input` instead."),
  moderation: neutral(nothing, "Remove it."),
  prompt: neutral(nothing, "Prompts are not stored here; send `input` and `instructions`."),
  service_tier: neutral(z.enum(["auto", "default"]), 'Remove it or send "default".'),
  truncation: neutral(
    z.literal("disabled"),
    'Remove it or send "disabled", and leave out the oldest items when the conversation grows too long.',
  ),
} as const satisfies Record<string, FieldRule>;

/** Fields that OpenAI's type has not (any more), under the names that others gave them. */
export const RESPONSE_EXTENSION_FIELDS = {
  /** Counts calls of tools that run on OpenAI's side, of which there are none here. */
  max_tool_calls: accepted(z.number().int().min(1)),
  stop: read,
  seed: read,
  top_k: read,
  min_p: read,
  presence_penalty: read,
  frequency_penalty: read,
  repetition_penalty: read,
  logit_bias: read,
  min_tokens: read,
  models: read,
  routing: read,
  ignore_eos: read,
  stop_token_ids: read,
} as const satisfies Record<string, FieldRule>;
