import * as z from "zod";
import { refuse, reject } from "@/lib/util/refuse";

/** Anthropic's bound for `budget_tokens`. */
const BUDGET_TOKENS_MIN = 1_024;

/** "summarized" is their word for text that is there to be read; here it is the model's own. */
const display = z.enum(["summarized", "omitted"]).nullish();

/**
 * `thinking` says whether the model is to reason, where it can be told, and what the caller sees of it:
 * enabled and adaptive show it as thinking blocks. A model that always reasons does so unseen.
 * `budget_tokens` is a target that Anthropic's models may miss, and no model here was taught to mind
 * one: its form is checked, and what bounds reasoning and answer together is `max_tokens`.
 */
export const thinkingSchema = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("disabled") }),
    z.strictObject({ type: z.literal("adaptive"), display }),
    z.strictObject({
      ...{ type: z.literal("enabled"), display },
      budget_tokens: z.number().int().min(BUDGET_TOKENS_MIN),
    }),
    z.strictObject({ type: z.literal("between_tools") }),
  ])
  .superRefine(({ type }, context) => {
    if (type !== "between_tools") return;
    const message = 'is not supported by this server; send "adaptive" or "disabled".';
    refuse(context, { path: ["type"], message });
  });

type Thinking = z.infer<typeof thinkingSchema> | null | undefined;

/**
 * What a reply tells of the reasoning: all of it, an empty block in its place, or no block at all. Its
 * tokens are counted in each case.
 */
export type ThinkingDisplay = "shown" | "omitted" | "hidden";

/** Whoever does not ask for thinking is not prepared for a block before the text. */
export function toThinkingDisplay(thinking: Thinking): ThinkingDisplay {
  if (thinking?.type !== "enabled" && thinking?.type !== "adaptive") return "hidden";
  return thinking.display === "omitted" ? "omitted" : "shown";
}

/** Theirs do not think unless asked to; ours are told the same where they can be told. */
export function toThinking(thinking: Thinking): "on" | "off" {
  return thinking?.type === "enabled" || thinking?.type === "adaptive" ? "on" : "off";
}

/** Adaptive leaves it to the model; enabled is a wish that one without reasoning cannot meet. */
export function needsReasoning(thinking: Thinking): boolean {
  return thinking?.type === "enabled";
}

export function checkThinking(
  { thinking, max_tokens: limit }: { thinking?: Thinking; max_tokens: number },
  context: z.core.$RefinementCtx,
): void {
  if (thinking?.type !== "enabled" || thinking.budget_tokens < limit) return;
  reject(
    context,
    ["thinking", "budget_tokens"],
    "must be less than `max_tokens`, which holds both.",
  );
}
