import { SERIES_MAX } from "@/components/plots/history-layout";
import type { PairKind } from "./pair-words";
import { TRADE_IDS, type TradeId } from "./trade-measures";

export const FIGURE_IDS = [
  ...(["scores", "win-rates", "battles", "average", "trade", "history"] as const),
] as const;
export type FigureId = (typeof FIGURE_IDS)[number];

/** What a reader chose of the pictures. */
export type FigureChoices = {
  figure: FigureId;
  /** All models in place of the best. */
  isAll: boolean;
  rates: PairKind;
  /** What the score is set against; null: what most is known of. */
  against: TradeId | null;
  /** Whose scores are drawn over time; null: those of the best. */
  models: readonly string[] | null;
};

export const FIRST_FIGURE: FigureChoices = {
  ...{ figure: "scores", isAll: false, rates: "observed", against: null, models: null },
};

const PREFIX = "#figures-";

/**
 * Choices as the end of an address says them; undefined where it is about something else. What is not understood of
 * them is as if it were not there.
 *
 * @example readFigureHash("#figures-win-rates?rates=expected&all=true")
 */
export function readFigureHash(hash: string): FigureChoices | undefined {
  const [name = "", ...rest] = hash.split("?");
  const figure = FIGURE_IDS.find((id) => name === `${PREFIX}${id}`);
  if (figure === undefined) return undefined;
  const query = new URLSearchParams(rest.join("?"));
  const names = query.getAll("model").filter((it) => it !== "");
  return {
    figure,
    isAll: query.get("all") === "true",
    rates: query.get("rates") === "expected" ? "expected" : "observed",
    against: TRADE_IDS.find((id) => id === query.get("against")) ?? null,
    models: query.has("model") ? [...new Set(names)].slice(0, SERIES_MAX) : null,
  };
}

/** The one spelling of choices; what is so by itself is left out. */
export function figureHash({ figure, isAll, rates, against, models }: FigureChoices): string {
  const query = new URLSearchParams({
    ...(isAll && { all: "true" }),
    ...(rates !== "observed" && { rates }),
    ...(against !== null && { against }),
  });
  // None at all is a choice as well.
  for (const model of models?.length === 0 ? [""] : (models ?? [])) query.append("model", model);
  return `${PREFIX}${figure}${query.size === 0 ? "" : `?${query}`}`;
}
