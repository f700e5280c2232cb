import { REQUEST_FIELDS, type RequestField } from "@/lib/protocol/request-fields";
import {
  type BodyFields,
  type Dialect,
  PLAIN_DIALECT,
  type Thought,
  toResponseFormat,
} from "../openai-wire/dialect";

/** What vLLM makes of a request (vllm/entrypoints/openai, ChatCompletionRequest and CompletionRequest). */
const ALL = REQUEST_FIELDS;

/** A prompt has no template that could be told of tools, images or reasoning. */
const OF_CHATS: ReadonlySet<RequestField> = new Set([
  ...(["toolRequest", "toolRequest.choice", "toolRequest.isParallel"] as const),
  ...(["reasoningEffort", "images"] as const),
]);

export const VLLM_DIALECT: Dialect = {
  ...PLAIN_DIALECT,
  title: "vLLM",
  honoured: new Set(ALL),
  completionHonoured: new Set(ALL.filter((field) => !OF_CHATS.has(field))),
  // Of all versions; 0 came later.
  topKForAll: -1,
  stopsMax: 16,
  streamOptions: { include_usage: true, continuous_usage_stats: true },
  hasImagesInTools: true,
  grammarFields: (grammar) => {
    if (grammar.type === "regex") return { structured_outputs: { regex: grammar.pattern } };
    if (grammar.type === "choice") return { structured_outputs: { choice: grammar.choices } };
    return toResponseFormat(grammar);
  },
  thoughtFields: (thought) => ({ ...toEffort(thought), ...toTemplateSwitch(thought) }),
  saltField: "cache_salt",
  // Cut at the model's own limit.
  truncateFields: { truncate_prompt_tokens: -1 },
  // Not `return_tokens_as_token_ids`: alternatives then come without their text.
  chatScoreExtras: { return_token_ids: true },
  tokenIdFields: { return_token_ids: true },
  completionScoreExtras: { return_token_ids: true },
};

/** Its levels in all versions are three; the nearest stands for the others, and none is the switch below. */
const EFFORTS: Record<NonNullable<Thought["effort"]>, string | undefined> = {
  none: undefined,
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
  max: "high",
};

function toEffort({ effort }: Thought): BodyFields {
  const told = effort === undefined ? undefined : EFFORTS[effort];
  return told === undefined ? {} : { reasoning_effort: told };
}

/** Variables that chat templates know a switch by; a template without one passes over it. */
export function toTemplateSwitch({
  effort,
  thinking,
}: Pick<Thought, "effort" | "thinking">): BodyFields {
  const isOff = effort === "none" || (effort === undefined && thinking === "off");
  const isOn = effort !== undefined || thinking === "on";
  if (!isOff && !isOn) return {};
  return { chat_template_kwargs: { enable_thinking: !isOff, thinking: !isOff } };
}
