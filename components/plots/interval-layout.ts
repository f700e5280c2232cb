import { formatCount } from "@/components/format";
import {
  MODEL_CHARACTER_PX,
  moveInList,
  type PlotLayout,
  type PlotTip,
  shorten,
} from "./plot-layout";
import type { RatedRow } from "./rated-rows";
import { linearScale, type Scale } from "./scale";

export const ROW_HEIGHT = 26;
const TOP = 44;
const BOTTOM = 12;

export type BarsLayout<Row> = PlotLayout & {
  rows: readonly { row: Row; name: string; y: number }[];
  scale: Scale;
  /** Where names end and the scale begins; where it ends and numbers begin. */
  left: number;
  right: number;
  top: number;
  bottom: number;
};

export type BarsOptions<Row> = {
  rows: readonly Row[];
  width: number;
  nameOf: (row: Row) => string;
  domain: readonly [number, number];
  format: (value: number) => string;
  middleOf: (row: Row) => number;
  tip: (row: Row, index: number) => PlotTip;
  /** Room at the right for a number. */
  numberWidth: number;
};

/** One row for each model, its name at the left, and one scale across all rows. */
export function toBarsLayout<Row>(options: BarsOptions<Row>): BarsLayout<Row> {
  const { rows, width, nameOf, domain, format, middleOf, tip, numberWidth } = options;
  const lengthMax = Math.max(10, Math.floor((width * 0.34) / MODEL_CHARACTER_PX));
  const names = rows.map((row) => shorten(nameOf(row), lengthMax));
  const longest = Math.max(0, ...names.map((it) => it.length));
  const left = Math.ceil(longest * MODEL_CHARACTER_PX) + 24;
  const right = width - numberWidth;
  const bottom = TOP + rows.length * ROW_HEIGHT;
  const scale = linearScale({
    domain,
    range: [left, right - 12],
    tickCountMax: width < 560 ? 5 : 8,
    format,
  });
  const placed = rows.map((row, index) => ({
    row,
    name: names[index] ?? "",
    y: TOP + (index + 0.5) * ROW_HEIGHT,
  }));
  return {
    ...{ width, height: bottom + BOTTOM, rows: placed, scale, left, right, top: TOP, bottom },
    cursor: {
      count: rows.length,
      find: (_, y) => {
        const index = Math.floor((y - TOP) / ROW_HEIGHT);
        return index >= 0 && index < rows.length ? index : null;
      },
      move: moveInList(rows.length),
      at: (index) => {
        const place = placed[index];
        return place ? { x: scale.at(middleOf(place.row)), y: place.y } : { x: 0, y: 0 };
      },
      tip: (index) => {
        const place = placed[index];
        return place ? tip(place.row, index) : { title: "", lines: [] };
      },
    },
  };
}

export function toIntervalLayout(rows: readonly RatedRow[], width: number): BarsLayout<RatedRow> {
  return toBarsLayout({
    ...{ rows, width, nameOf: (row) => row.model, format: formatCount, numberWidth: 56 },
    domain: [Math.min(...rows.map((it) => it.lower)), Math.max(...rows.map((it) => it.upper))],
    middleOf: (row) => row.rating,
    tip: (row) => ({
      title: row.model,
      lines: [
        ["Score", formatCount(row.rating)],
        ["95 % interval", `${formatCount(row.lower)} to ${formatCount(row.upper)}`],
        ["Ranks it allows", `${row.rankBest ?? "–"} to ${row.rankWorst ?? "–"}`],
        ["Votes", formatCount(row.votes)],
      ],
    }),
  });
}
