import type { Goal } from "../gateway/goals";

/** Milliseconds of a row, by its name; undefined where it was not measured. */
export type RatingFigures = {
  pointsMs: number;
  sandwichMs: number;
  bootstrapMs: number;
  styleMs: number;
  styleSandwichMs: number;
  fileMs: number;
  parseMs: number;
  /** Of the process, at its most, before votes in greater numbers were rated. */
  peakMib: number;
  /** Of a vote with the most votes, beside one with the fewest. */
  growth: { plain: number; styled: number } | undefined;
};

const FILE_RATIO_MAX = 1.5;
const PEAK_MIB_MAX = 1024;
/** What a vote of ten million may cost beside one of a million, caches being what they are. */
const GROWTH_MAX = 1.5;

export function judgeRatings(figures: RatingFigures): Goal[] {
  const { pointsMs, sandwichMs, bootstrapMs, styleMs, styleSandwichMs, growth } = figures;
  const ratio = figures.fileMs / figures.parseMs;
  return [
    atMost("Bradley–Terry, points", pointsMs, 250),
    atMost("its sandwich intervals besides", Math.max(0, sandwichMs - pointsMs), 300),
    atMost("100 bootstraps", bootstrapMs, 2000),
    atMost("style-controlled fit", styleMs, 2000),
    atMost("the same with sandwich intervals", styleSandwichMs, 3000),
    atMost("from lines of JSON on disk to points", figures.fileMs, 1000),
    {
      text: "the same beside a bare parse of the file",
      measured: `${ratio.toFixed(2)}×`,
      wanted: `≤ ${FILE_RATIO_MAX}×`,
      isMet: ratio <= FILE_RATIO_MAX,
    },
    {
      text: "memory of the process at most",
      measured: `${figures.peakMib.toFixed(0)} MiB`,
      wanted: `≤ ${PEAK_MIB_MAX} MiB`,
      isMet: figures.peakMib <= PEAK_MIB_MAX,
    },
    {
      text: "cost of a vote among ten times as many",
      measured: growth
        ? `${growth.plain.toFixed(2)}×; ${growth.styled.toFixed(2)}× with style`
        : "not measured",
      wanted: `≤ ${GROWTH_MAX}×`,
      isMet: growth && Math.max(growth.plain, growth.styled) <= GROWTH_MAX,
    },
  ];
}

function atMost(text: string, ms: number, most: number): Goal {
  return { text, measured: `${ms.toFixed(0)} ms`, wanted: `≤ ${most} ms`, isMet: ms <= most };
}
