import { type BoardKey, type Category, isSpan } from "@/lib/protocol/board-key";

/** How pages call boards. */
export const CATEGORY_LABELS: Record<Category, string> = {
  overall: "Overall",
  hard: "Hard prompts",
  coding: "Coding",
  math: "Math",
  creative: "Creative writing",
  "instruction-following": "Instruction following",
  "multi-turn": "Multi-turn",
  "longer-query": "Longer query",
  "no-refusal": "Refusals excluded",
};

/** Which votes are in it, as the end of "Votes on …". */
export const CATEGORY_HINTS: Record<Category, string> = {
  overall: "everything that was asked",
  hard: "prompts that ask for several things at once: facts, steps, conditions, knowledge of a field",
  coding: "prompts with code, or about programs",
  math: "prompts that ask for a calculation or a proof",
  creative: "prompts that ask for a story, a poem or another invention",
  "instruction-following": "prompts that say how the answer has to look",
  "multi-turn": "battles of more than one turn",
  "longer-query": "prompts of 500 tokens and more",
  "no-refusal": "battles in which neither model refused to answer",
};

let names: Intl.DisplayNames | undefined;

/** "de" → "German"; a code that nobody has named stays as it is. */
export function languageLabel(code: string): string {
  names ??= new Intl.DisplayNames("en", { type: "language" });
  return names.of(code) ?? code;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A day of UTC as it was written, in no reader's time zone: "2026-11-21" → "21 Nov 2026". */
export function dayLabel(day: string): string {
  const [year, month, date] = day.split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`;
}

export function periodLabel(period: string): string {
  if (period === "all") return "All time";
  if (isSpan(period)) {
    const [from = "", to = ""] = period.split("..");
    return `${dayLabel(from)} – ${dayLabel(to)}`;
  }
  return `Last ${period.replace("d", "")} days`;
}

/** @example boardLabel({ category: "coding", language: "de", style: true, period: "30d" }) // "Coding, German, style control, last 30 days" */
export function boardLabel({ category, language, style, period }: BoardKey): string {
  const parts = [CATEGORY_LABELS[category]];
  if (language !== null) parts.push(languageLabel(language));
  if (style) parts.push("style control");
  if (period !== "all") parts.push(periodLabel(period).replace(/^Last/, "last"));
  return parts.join(", ");
}
