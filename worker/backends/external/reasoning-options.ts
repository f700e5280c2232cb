import type { JSONObject } from "@ai-sdk/provider";
import { AppError } from "@/lib/errors";
import type { GenerateRequest, ReasoningEffort } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import type { ModelEntry } from "@/lib/protocol/model-entry";
import { unseal } from "./thought-seal";

/** How a wish for reasoning is said to each provider: in the SDK's options, or in the body itself. */
export type ReasoningWish = {
  options?: JSONObject;
  body?: JSONObject;
  /** Of the tokens that the answer may have those set aside for it, where a provider adds both up. */
  budgetTokens?: number;
  /** The provider refuses a temperature and the like while it reasons. */
  excludesSampling?: boolean;
  /** The provider refuses what the model thought before: it is not to think now. */
  refusesThoughts?: boolean;
};

type Wish = Pick<GenerateRequest, "reasoningEffort" | "thinking" | "maxTokens" | "messages">;

/** Tokens to reason with, where a provider wants a number; powers of two between Anthropic's least and Gemini's most. */
const BUDGETS: Record<ReasoningEffort, number> = {
  ...{ none: 0, minimal: 1_024, low: 2_048, medium: 8_192, high: 16_384 },
  ...{ xhigh: 24_576, max: 24_576 },
};
/** Anthropic's least. */
const BUDGET_MIN = 1_024;

/**
 * Nothing where the request wishes nothing. What has fewer levels takes the nearest.
 *
 * @throws AppError `invalid-request` for an answer too short to reason in.
 */
export function toReasoningWish(
  entry: ModelEntry,
  request: Wish,
  optionsName: string,
): ReasoningWish {
  const wish = toWish(entry, request);
  if (!isClaude(entry)) return wish;
  if (!wish.excludesSampling) return { ...wish, refusesThoughts: true };
  // Between a call and the rest of its turn a budget is taken only from who sends the thought before the call,
  // which callers of other wires than Anthropic's cannot; its own word for that is not to think until the turn ends.
  const lacksThought = wish.budgetTokens !== undefined && isAmidCalls(request.messages);
  const thoughts = request.messages.findLast(({ role }) => role === "assistant")?.thoughts ?? [];
  const known = unseal(thoughts, { upstreamModel: entry.model, optionsName });
  return lacksThought && known.reasoning.length === 0 ? { refusesThoughts: true } : wish;
}

/** What the model called last has been answered, and it has said nothing since. */
function isAmidCalls(messages: readonly Message[]): boolean {
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  return messages.slice(last + 1).some(({ role }) => role === "tool");
}

function isClaude({ provider, model }: ModelEntry): boolean {
  if (provider === "bedrock") return model.includes("anthropic");
  return provider === "anthropic" || provider === "vertex-anthropic";
}

function toWish(entry: ModelEntry, request: Wish): ReasoningWish {
  const effort = request.reasoningEffort ?? (request.thinking === "off" ? "none" : undefined);
  const isOn = effort === undefined ? request.thinking === "on" : effort !== "none";
  if (!entry.features.includes("reasoning") || (effort === undefined && !isOn)) return {};
  switch (entry.provider) {
    case "anthropic":
    case "vertex-anthropic":
      return toAnthropic(entry, { effort, isOn, maxTokens: request.maxTokens });
    case "google":
    case "vertex":
      return { options: { thinkingConfig: toGemini(entry, { effort, isOn }) } };
    case "bedrock":
      return toBedrock(entry, { effort, isOn, maxTokens: request.maxTokens });
    case "openai-responses":
      return effort === undefined ? {} : { options: { reasoningEffort: effort } };
    case "cohere":
      return { options: { thinking: { type: isOn ? "enabled" : "disabled" } } };
    case "deepseek":
      return toDeepSeek(effort, isOn);
    case "mistral":
      // It knows two levels.
      return { body: { reasoning_effort: isOn ? "high" : "none" } };
    case "openrouter":
      return { body: { reasoning: effort === undefined ? { enabled: isOn } : { effort } } };
    default:
      return effort === undefined ? {} : { body: { reasoning_effort: effort } };
  }
}

type Told = { effort: ReasoningEffort | undefined; isOn: boolean; maxTokens?: number | undefined };

function toAnthropic(entry: ModelEntry, { effort, isOn, maxTokens }: Told): ReasoningWish {
  if (!isOn) return { options: { thinking: { type: "disabled" } } };
  if (entry.reasoningBy === "budget") {
    const budgetTokens = toBudget(effort, maxTokens);
    const thinking = { type: "enabled", budgetTokens };
    return { options: { thinking }, budgetTokens, excludesSampling: true };
  }
  const thinking = { type: "adaptive", display: "summarized" };
  const level = effort === undefined ? {} : { effort: atLeastLow(effort) };
  return { options: { thinking, ...level }, excludesSampling: true };
}

function toBedrock(entry: ModelEntry, { effort, isOn, maxTokens }: Told): ReasoningWish {
  if (!isOn) return { options: { reasoningConfig: { type: "disabled" } } };
  if (entry.reasoningBy === "budget") {
    const budgetTokens = toBudget(effort, maxTokens);
    const reasoningConfig = { type: "enabled", budgetTokens };
    return { options: { reasoningConfig }, budgetTokens, excludesSampling: true };
  }
  const level = effort === undefined ? {} : { maxReasoningEffort: atLeastLow(effort) };
  const reasoningConfig = { ...(isClaude(entry) && { type: "adaptive" }), ...level };
  return { options: { reasoningConfig }, excludesSampling: isClaude(entry) };
}

function toBudget(effort: ReasoningEffort | undefined, maxTokens: number | undefined): number {
  const wanted = BUDGETS[effort ?? "medium"];
  // Something has to be left for the answer.
  const most = maxTokens === undefined ? wanted : Math.floor(maxTokens / 2);
  if (most >= BUDGET_MIN) return Math.min(wanted, most);
  throw new AppError("invalid-request", {
    message: `This model reasons with at least ${BUDGET_MIN} tokens; allow ${2 * BUDGET_MIN} for the answer, or ask for no reasoning.`,
    param: "maxTokens",
  });
}

function toGemini(entry: ModelEntry, { effort, isOn }: Told): JSONObject {
  const includeThoughts = isOn;
  if (entry.reasoningBy === "budget") {
    return effort === undefined
      ? { includeThoughts }
      : { includeThoughts, thinkingBudget: BUDGETS[effort] };
  }
  if (effort === undefined) return { includeThoughts };
  // It has four levels, and none for not at all.
  const thinkingLevel =
    effort === "none" ? "minimal" : effort === "xhigh" || effort === "max" ? "high" : effort;
  return { includeThoughts, thinkingLevel };
}

function toDeepSeek(effort: ReasoningEffort | undefined, isOn: boolean): ReasoningWish {
  if (!isOn) return { options: { thinking: { type: "disabled" } } };
  const level = effort === undefined ? {} : { reasoningEffort: atLeastLow(effort) };
  return { options: { thinking: { type: "enabled" }, ...level }, excludesSampling: true };
}

function atLeastLow(effort: ReasoningEffort): "low" | "medium" | "high" | "xhigh" | "max" {
  return effort === "none" || effort === "minimal" ? "low" : effort;
}
