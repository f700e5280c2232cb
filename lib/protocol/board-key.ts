import * as z from "zod";

/** Which board: what addresses, stored boards and commands name one by. */

/** Categories of votes beside the languages, in the order in which pages list them. */
export const CATEGORIES = [
  ...(["overall", "hard", "coding", "math", "creative", "instruction-following"] as const),
  ...(["multi-turn", "longer-query", "no-refusal"] as const),
] as const;
export type Category = (typeof CATEGORIES)[number];

/** Periods that are always computed; others are asked for, as `2026-01-01..2026-03-31` (days in UTC, both included). */
export const BOARD_PERIODS = ["all", "90d", "30d"] as const;

const spanSchema = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}\.\.\d{4}-\d{2}-\d{2}$/,
    'is not a span of days such as "2026-01-01..2026-03-31"',
  )
  .refine((span) => {
    const [from, to] = span.split("..");
    return isDay(from) && isDay(to) && from <= to;
  }, "names no days, or ends before it begins");

function isDay(text: string | undefined): text is string {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(`${text}T`);
}

export const boardKeySchema = z.strictObject({
  category: z.enum(CATEGORIES).default("overall"),
  /** BCP 47 primary language of the prompts; null: all. */
  language: z
    .stringFormat("language", /^[a-z]{2,3}$/)
    .nullable()
    .default(null),
  /** Length and markdown taken out. */
  style: z.boolean().default(false),
  period: z.union([z.enum(BOARD_PERIODS), spanSchema]).default("all"),
});
export type BoardKey = z.infer<typeof boardKeySchema>;

export const OVERALL: BoardKey = {
  category: "overall",
  language: null,
  style: false,
  period: "all",
};

/**
 * The one spelling of a key.
 *
 * @example boardKeyText({ category: "coding", language: "de", style: true, period: "30d" }) // "coding+de+style@30d"
 */
export function boardKeyText({ category, language, style, period }: BoardKey): string {
  const parts = [category, ...(language === null ? [] : [language]), ...(style ? ["style"] : [])];
  return `${parts.join("+")}@${period}`;
}

/** Undefined of a text that `boardKeyText` does not write. */
export function parseBoardKey(text: string): BoardKey | undefined {
  const [names = "", period] = text.split("@");
  const [category, ...rest] = names.split("+");
  const style = rest.at(-1) === "style";
  const [language = null] = style ? rest.slice(0, -1) : rest;
  const key = boardKeySchema.safeParse({ category, language, style, period });
  return key.success && boardKeyText(key.data) === text ? key.data : undefined;
}

/** Always computed: a category or a language, with and without style control, over a fixed period. Others on request. */
export function isStanding({ category, language, period }: BoardKey): boolean {
  return (
    (language === null || category === "overall") &&
    (BOARD_PERIODS as readonly string[]).includes(period)
  );
}
