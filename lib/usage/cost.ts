import type { Price } from "@/lib/protocol/catalog";
import type { Amounts } from "./tally";

export type Tokens = {
  prompt?: number | undefined;
  /** Of the prompt's. */
  cachedPrompt?: number | undefined;
  completion?: number | undefined;
};

/** $1 a million tokens is a thousand nano-dollars a token, and prices have three decimals. */
const NANO_DOLLARS_A_TOKEN = 1_000;
export const NANO_DOLLARS_A_DOLLAR = 1e9;

/** What tokens count as; whole nano-dollars, so that no sum depends on its order. */
export function toAmounts(
  { prompt = 0, cachedPrompt = 0, completion = 0 }: Tokens,
  price: Price | undefined,
): Amounts {
  const tokens = prompt + completion;
  if (price === undefined) return { requests: 0, tokens, costNanoDollars: 0 };
  const each = (dollars: number) => Math.round(dollars * NANO_DOLLARS_A_TOKEN);
  // How many prompt tokens were in a cache is told at the end, when all of them were charged in full.
  const saved = each(price.prompt) - each(price.cachedPrompt ?? price.prompt);
  const costNanoDollars =
    prompt * each(price.prompt) + completion * each(price.completion) - cachedPrompt * saved;
  return { requests: 0, tokens, costNanoDollars };
}
