import { formatRate, formatSeconds, THIN_SPACE } from "@/components/format";
import type { TradeMeasure } from "@/components/plots/trade-layout";

export const TRADE_IDS = ["output", "input", "first-token", "speed"] as const;
export type TradeId = (typeof TRADE_IDS)[number];

/** $0.05, $0.2, $3, $40. */
export function formatDollars(value: number): string {
  return `$${Number(value.toPrecision(3))}`;
}

/** What a score can be set against. */
export const TRADE_MEASURES: Record<
  TradeId,
  TradeMeasure & { tab: string; missing: string; fewer: string }
> = {
  output: {
    ...{ tab: "Price out", name: "Price of output", label: "Price of output, $ a million tokens" },
    ...{ missing: "a price", fewer: "cheaper", zeroLabel: "free" },
    ...{ isGain: false, format: formatDollars },
    amountOf: (row) => row.price?.outputPerMillion ?? null,
  },
  input: {
    ...{ tab: "Price in", name: "Price of input", label: "Price of input, $ a million tokens" },
    ...{ missing: "a price", fewer: "cheaper", zeroLabel: "free" },
    ...{ isGain: false, format: formatDollars },
    amountOf: (row) => row.price?.inputPerMillion ?? null,
  },
  "first-token": {
    ...{ tab: "First token", name: "Time to first token", label: "Median time to first token, s" },
    ...{ missing: "a measured time", fewer: "sooner", zeroLabel: `0${THIN_SPACE}s` },
    ...{ isGain: false, format: (seconds) => formatSeconds(seconds * 1_000) },
    amountOf: (row) => (row.firstTokenMs === null ? null : row.firstTokenMs / 1_000),
  },
  speed: {
    ...{ tab: "Tokens/s", name: "Tokens a second", label: "Median speed, tokens/s" },
    ...{ missing: "a measured speed", fewer: "faster", zeroLabel: "0" },
    ...{ isGain: true, format: formatRate },
    amountOf: (row) => row.tokensPerSecond,
  },
};
