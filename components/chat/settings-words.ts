import { ANSWER_TOKENS_MAX } from "@/lib/limits";
import type { ConversationSettings } from "@/lib/protocol/conversation-view";

/** The settings that are numbers, as the sheet shows them. */
export type NumberSetting = {
  name: "temperature" | "topP" | "maxTokens";
  label: string;
  /** What moving it does, in one sentence. */
  hint: string;
  min: number;
  max: number;
  step: number;
  /** Where the slider starts that nobody has moved. */
  from: number;
};

export const NUMBER_SETTINGS: readonly NumberSetting[] = [
  {
    ...{ name: "temperature", label: "Temperature", min: 0, max: 2, step: 0.05, from: 1 },
    hint: "At 0 the likeliest word each time; higher is more varied.",
  },
  {
    ...{ name: "topP", label: "Top-p", min: 0.01, max: 1, step: 0.01, from: 1 },
    hint: "Words are drawn from the likeliest that together have this share.",
  },
  {
    ...{ name: "maxTokens", label: "Longest answer, in tokens", min: 1, step: 1 },
    ...{ max: ANSWER_TOKENS_MAX, from: ANSWER_TOKENS_MAX },
    hint: "An answer ends here at the latest.",
  },
];

/** `settings` with one of them changed; undefined: the model's own again. */
export function withSetting(
  settings: ConversationSettings,
  name: keyof ConversationSettings,
  value: string | number | undefined,
): ConversationSettings {
  const { [name]: _, ...others } = settings;
  return value === undefined || value === "" ? others : { ...others, [name]: value };
}

/** A number as it was typed; undefined where it is none that may be set. */
export function parseSetting(
  { min, max, step }: Pick<NumberSetting, "min" | "max" | "step">,
  typed: string,
): number | undefined {
  const value = typed.trim() === "" ? Number.NaN : Number(typed);
  if (Number.isNaN(value) || value < min || value > max) return undefined;
  return step === 1 && !Number.isInteger(value) ? undefined : value;
}

export const isSameSettings = (x: ConversationSettings, y: ConversationSettings): boolean =>
  x.temperature === y.temperature &&
  x.topP === y.topP &&
  x.maxTokens === y.maxTokens &&
  (x.system ?? "") === (y.system ?? "");
