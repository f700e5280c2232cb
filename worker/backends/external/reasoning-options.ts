import type { JSONObject } from "@ai-sdk/provider";
import { AppError } from "@/lib/errors";
import type { GenerateRequest, ReasoningEffort } from "@/lib/protocol/generate-request";
import type { ModelEntry } from "@/lib/protocol/model-entry";

/** How a wish for reasoning is said to each provider: in the SDK's options, or in the body itself. */
export type ReasoningWish = {
  options?: JSONObject;
  body?: JSONObject;
  /** Of the tokens that the answer may have those set aside for it, where a provider adds both up. */
  budgetTokens?: number;
  /** The provider refuses a temperature and the like while it reasons. */
  excludesSampling?: boolean;
};

type Wish = Pick<GenerateRequest, "reasoningEffort" | "thinking" | "maxTokens">;

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
export function toReasoningWish(entry: ModelEntry, request: Wish): ReasoningWish {
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
  const isClaude = entry.model.includes("anthropic");
  const level = effort === undefined ? {} : { maxReasoningEffort: atLeastLow(effort) };
  const reasoningConfig = { ...(isClaude && { type: "adaptive" }), ...level };
  return { options: { reasoningConfig }, excludesSampling: isClaude };
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
