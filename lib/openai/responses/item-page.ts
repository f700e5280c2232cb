import { AppError } from "@/lib/errors";
import type { Item } from "./item";
import type { ItemQuery } from "./query";

/** OpenAI's list of items. */
export type ItemPage = {
  object: "list";
  data: Item[];
  /** Null of an empty page. */
  first_id: string | null;
  last_id: string | null;
  /** Whether more follow in the asked order; before `before`, whether more precede. */
  has_more: boolean;
};

/**
 * A page of items.
 *
 * @param items in the order of the conversation
 * @throws AppError `invalid-request` for a place that is none of the items
 */
export function toItemPage(
  items: readonly Item[],
  { limit, order, after, before }: ItemQuery,
): ItemPage {
  const ordered = order === "asc" ? items : items.toReversed();
  const { from, to } = rangeOf(ordered, { limit, after, before });
  const data = ordered.slice(from, to);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: before === undefined ? to < ordered.length : from > 0,
  };
}

function rangeOf(
  items: readonly Item[],
  { limit, after, before }: Pick<ItemQuery, "limit" | "after" | "before">,
): { from: number; to: number } {
  if (before !== undefined) {
    const to = placeOf(items, "before", before);
    return { from: Math.max(0, to - limit), to };
  }
  const from = after === undefined ? 0 : placeOf(items, "after", after) + 1;
  return { from, to: Math.min(items.length, from + limit) };
}

function placeOf(items: readonly Item[], param: string, id: string): number {
  const at = items.findIndex((item) => item.id === id);
  if (at >= 0) return at;
  throw new AppError("invalid-request", {
    message: `\`${param}\` names no item of this response; take an id of an earlier page.`,
    param,
  });
}
