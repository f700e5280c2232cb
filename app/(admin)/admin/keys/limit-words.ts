import { formatCount } from "@/components/format";
import type { KeyLimits, Limits } from "@/lib/protocol/api-key";

/** The limits of a key as a form asks for them, in this order. */
export const LIMIT_FIELDS: readonly { name: keyof Limits; label: string; isDollars?: boolean }[] = [
  { name: "requestsPerMinute", label: "Requests a minute" },
  { name: "tokensPerMinute", label: "Tokens a minute" },
  { name: "concurrentRequests", label: "Requests at once" },
  { name: "tokensPerDay", label: "Tokens a day" },
  { name: "tokensPerMonth", label: "Tokens a month" },
  { name: "dollarsPerDay", label: "Dollars a day", isDollars: true },
  { name: "dollarsPerMonth", label: "Dollars a month", isDollars: true },
];

/** "60 requests a minute, $0.50 a day, …", one phrase for each; those at a model say which. */
export function toLimitWords({ models, ...own }: KeyLimits): string[] {
  const atModels = Object.entries(models ?? {}).flatMap(([model, limits]) =>
    phrases(limits).map((phrase) => `${phrase} at ${model}`),
  );
  return [...phrases(own), ...atModels];
}

function phrases(limits: Limits): string[] {
  return LIMIT_FIELDS.flatMap(({ name, label, isDollars }) => {
    const value = limits[name];
    if (value === undefined) return [];
    const [what = "", ...rest] = label.split(" ");
    // "Requests a minute" → "60 requests a minute"; dollars have their sign.
    const unit = value === 1 ? what.toLowerCase().replace(/s$/, "") : what.toLowerCase();
    const amount = isDollars ? `$${value}` : `${formatCount(value)} ${unit}`;
    return [[amount, ...rest].join(" ")];
  });
}
