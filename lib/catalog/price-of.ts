import type { Price } from "@/lib/protocol/catalog";
import type { Catalog } from "./catalog";

/** What operators and workers said of prices. */
export type Prices = Pick<Catalog, "settings" | "told">;

/**
 * What a model costs: the operator's word, else what the worker said that offered it last. Undefined where
 * nothing is charged, which an operator may say of a model that has a price elsewhere.
 */
export function priceOf({ settings, told }: Prices, model: string): Price | undefined {
  const price = settings.get(model)?.price ?? told?.get(model);
  return price === undefined || isFree(price) ? undefined : price;
}

/** The price that says that nothing is charged. */
export const FREE: Price = { prompt: 0, completion: 0 };

export function isFree({ prompt, cachedPrompt = 0, completion }: Price): boolean {
  return prompt + cachedPrompt + completion === 0;
}
