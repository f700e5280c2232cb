import { AppError } from "@/lib/errors";
import type { RenderTemplate } from "./template-abilities";

/** From none to as much as there is. */
export const REASONING_EFFORTS = [
  ...(["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const),
] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

/** What a request says of how much is to be reasoned. */
export type ReasoningWish = {
  /** Refused where the model cannot be told. */
  reasoningEffort?: ReasoningEffort | undefined;
  /** Done where the model can be told, and nothing elsewhere. */
  thinking?: "on" | "off" | undefined;
};

/** Variables by which a chat template tells its model how much to reason. */
export type ReasoningControl = {
  /** Takes true and false: `enable_thinking` of Qwen's templates, `thinking` of DeepSeek's and Granite's. */
  switchName: string | undefined;
  /** What `reasoning_effort` may be, ascending; empty where the template does not read it. */
  levels: readonly ReasoningEffort[];
};

const SWITCH_NAMES = ["enable_thinking", "thinking"];
const LEVEL_NAME = "reasoning_effort";
/** What gpt-oss was trained with, whose template writes whatever word it is given. */
const TRAINED_LEVELS: readonly ReasoningEffort[] = ["low", "medium", "high"];
const NO_LEVEL = "probe-effort";
const MESSAGES = [{ role: "user", content: "Hi" }];

/** Finds out by trying, as `probeAbilities` does: that a template names a variable says nothing about its values. */
export function probeReasoning(render: RenderTemplate): ReasoningControl {
  const attempt = (variables: Record<string, unknown>): string | undefined => {
    try {
      return render({ messages: MESSAGES, ...variables });
    } catch {
      return undefined; // Refused: this value is none of the template's.
    }
  };
  const switchName = SWITCH_NAMES.find((name) => {
    const [on, off] = [attempt({ [name]: true }), attempt({ [name]: false })];
    return on !== undefined && off !== undefined && on !== off;
  });
  return { switchName, levels: probeLevels((level) => attempt({ [LEVEL_NAME]: level })) };
}

function probeLevels(
  attempt: (level: string | undefined) => string | undefined,
): readonly ReasoningEffort[] {
  const [neutral, unknown] = [attempt(undefined), attempt(NO_LEVEL)];
  if (unknown?.includes(NO_LEVEL)) return TRAINED_LEVELS;
  const rendered = REASONING_EFFORTS.map((level) => ({ level, text: attempt(level) }));
  const known = rendered.filter(({ text }) => text !== undefined && text !== unknown);
  // Where no word makes a difference the template reads none.
  if (known.length === 0) return [];
  // A template that takes any word takes the usual one for what it does without one.
  const usual = rendered.filter(({ level, text }) => level === "medium" && text === neutral);
  const levels = new Set([...known, ...usual].map(({ level }) => level));
  return REASONING_EFFORTS.filter((level) => levels.has(level));
}

/**
 * What the template is to be given. An effort that the model does not know becomes the nearest one it
 * does, of two as near the smaller; a model that only knows whether to reason does for any but `none`.
 *
 * @param isReasoner whether the model writes reasoning at all.
 * @throws AppError `not-supported` when the model cannot be told the effort.
 */
export function toReasoningVariables(
  { reasoningEffort: effort, thinking }: ReasoningWish,
  { switchName, levels }: ReasoningControl,
  isReasoner: boolean,
): Record<string, unknown> {
  const variables: Record<string, unknown> = {};
  if (thinking !== undefined && switchName) variables[switchName] = thinking === "on";
  else if (thinking === "off" && levels.includes("none")) variables[LEVEL_NAME] = "none";
  if (effort === undefined) return variables;
  if (effort === "none" && !isReasoner) return variables;
  if (effort === "none" && levels.includes(effort)) return { ...variables, [LEVEL_NAME]: effort };
  if (effort === "none" && switchName) return { ...variables, [switchName]: false };
  const level = pickNearest(effort, levels);
  if (effort === "none" || (level === undefined && !switchName)) {
    throw new AppError("not-supported", {
      message: toRemedy(levels, isReasoner),
      param: "reasoningEffort",
    });
  }
  return {
    // Who wishes for none and for some is given what was said of the model's switch itself.
    ...(switchName && { [switchName]: true }),
    ...variables,
    ...(level !== undefined && { [LEVEL_NAME]: level }),
  };
}

function pickNearest(
  effort: ReasoningEffort,
  levels: readonly ReasoningEffort[],
): ReasoningEffort | undefined {
  const asked = REASONING_EFFORTS.indexOf(effort);
  const distance = (level: ReasoningEffort) => Math.abs(REASONING_EFFORTS.indexOf(level) - asked);
  // Whoever asks for some reasoning is not given none.
  const some = levels.filter((level) => level !== "none");
  return some.toSorted((a, b) => distance(a) - distance(b))[0];
}

function toRemedy(levels: readonly ReasoningEffort[], isReasoner: boolean): string {
  if (levels.length > 0) {
    return `This model always reasons. Ask for ${levels.join(", ")}, or another model.`;
  }
  return isReasoner
    ? "This model reasons as much as it will: its chat template has no word for it. Leave it out."
    : 'This model does not reason. Leave it out, or send "none".';
}
