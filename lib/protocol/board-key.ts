import { CATEGORIES, type Category } from "@/lib/vote-categories";

// Addresses name categories, so whoever reads a key finds their list here as well.
export { CATEGORIES, type Category };

/** Which board: what addresses, stored boards and commands name one by. */

/** Periods that are always computed; others are asked for, as `2026-01-01..2026-03-31` (days in UTC, both included). */
export const BOARD_PERIODS = ["all", "90d", "30d"] as const;

/** Two days in UTC as one period; false where the text names no days or ends before it begins. */
export function isSpan(text: string): boolean {
  const [from, to, ...rest] = text.split("..");
  return isDay(from) && isDay(to) && rest.length === 0 && from <= to;
}

function isDay(text: string | undefined): text is string {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(`${text}T`);
}

/** Requests are checked by board-key-schema.ts. */
export type BoardKey = {
  category: Category;
  /** BCP 47 primary language of the prompts; null: all. */
  language: string | null;
  /** Length and markdown taken out. */
  style: boolean;
  /** One of `BOARD_PERIODS`, or a span. */
  period: string;
};

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
  const [names = "", period = ""] = text.split("@");
  const [category = "", ...rest] = names.split("+");
  const style = rest.at(-1) === "style";
  const [language = null] = style ? rest.slice(0, -1) : rest;
  if (!isCategory(category) || !isBoardPeriod(period)) return undefined;
  if (language !== null && !isLanguage(language)) return undefined;
  const key: BoardKey = { category, language, style, period };
  return boardKeyText(key) === text ? key : undefined;
}

export const isCategory = (text: string): text is Category =>
  (CATEGORIES as readonly string[]).includes(text);

export const isLanguage = (text: string): boolean => /^[a-z]{2,3}$/.test(text);

export const isBoardPeriod = (text: string): boolean =>
  (BOARD_PERIODS as readonly string[]).includes(text) || isSpan(text);

/** Always computed: a category or a language, with and without style control, over a fixed period. Others on request. */
export function isStanding({ category, language, period }: BoardKey): boolean {
  return (
    (language === null || category === "overall") &&
    (BOARD_PERIODS as readonly string[]).includes(period)
  );
}
