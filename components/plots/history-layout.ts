import { formatCount } from "@/components/format";
import type { RatingHistory } from "@/lib/protocol/board-view";
import { MODEL_CHARACTER_PX, type PlotCursor, type PlotLayout, shorten } from "./plot-layout";
import { dayScale, linearScale, type Scale, toDayMs, toFullDay } from "./scale";

export type HistoryPoint = { day: number; x: number; y: number; lower: number; upper: number };
/** A run of days without a gap; of a single day there is a dot and its interval in the place of line and band. */
export type HistoryPath = { line: string; band: string; start: HistoryPoint; isSingle: boolean };
export type HistoryLine = {
  model: string;
  /** Which colour and dash, from 1. */
  series: number;
  /** Of each run of days without a gap. */
  paths: readonly HistoryPath[];
  label: { text: string; x: number; y: number };
};

export type HistoryLayout = PlotLayout & {
  lines: readonly HistoryLine[];
  across: Scale;
  up: Scale;
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** Where a point of a model and a day is, by the index of the cursor. */
  points: readonly (HistoryPoint & { line: number })[];
};

/** What is drawn of a history. */
export type RatingPoints = Pick<RatingHistory, "days" | "models">;

/** As many lines as colours and dashes keep apart. */
export const SERIES_MAX = 6;
const LEFT = 48;
const TOP = 40;
const BOTTOM = 32;
const LABEL_HEIGHT = 16;
const LABEL_LENGTH_MAX = 22;

/** Undefined when no day of any model has a rating. */
export function toHistoryLayout(history: RatingPoints, width: number): HistoryLayout | undefined {
  const known = history.models.flatMap((it) => it.points).filter((it) => it !== null);
  const days = history.days.map(toDayMs);
  const [from, to] = [days[0], days.at(-1)];
  if (known.length === 0 || from === undefined || to === undefined) return undefined;
  const isNarrow = width < 560;
  const height = isNarrow ? 320 : 400;
  const lengthMax = isNarrow ? 12 : LABEL_LENGTH_MAX;
  const longest = Math.max(...history.models.map((it) => Math.min(it.model.length, lengthMax)));
  const [left, top, bottom] = [LEFT, TOP, height - BOTTOM];
  const right = width - Math.ceil(longest * MODEL_CHARACTER_PX) - 16;
  const across = dayScale({
    domain: [from, to],
    range: [left, right],
    tickCountMax: isNarrow ? 3 : 7,
  });
  const up = linearScale({
    domain: [Math.min(...known.map((it) => it.lower)), Math.max(...known.map((it) => it.upper))],
    range: [bottom, top],
    tickCountMax: 7,
    format: formatCount,
  });
  const series = history.models.map((it) =>
    it.points.map((point, index) =>
      point === null
        ? null
        : {
            ...{ day: index, x: across.at(days[index] ?? from), y: up.at(point.rating) },
            ...{ lower: up.at(point.lower), upper: up.at(point.upper) },
          },
    ),
  );
  const points = series.flatMap((list, line) =>
    list.filter((it) => it !== null).map((it) => ({ ...it, line })),
  );
  return {
    ...{ width, height, across, up, left, right, top, bottom, points },
    lines: toLines(history, series, { x: right + 8, lengthMax, top, bottom }),
    cursor: toCursor(history, points),
  };
}

type LabelPlace = { x: number; lengthMax: number; top: number; bottom: number };

function toLines(
  history: RatingPoints,
  series: readonly (readonly (HistoryPoint | null)[])[],
  { x, lengthMax, top, bottom }: LabelPlace,
): HistoryLine[] {
  const ends = series.map((list) => list.findLast((it) => it !== null)?.y ?? bottom);
  const heights = spread(ends, { gap: LABEL_HEIGHT, top, bottom });
  return history.models.map(({ model }, index) => ({
    model,
    series: (index % SERIES_MAX) + 1,
    paths: toRuns(series[index] ?? []).flatMap(toPath),
    label: { text: shorten(model, lengthMax), x, y: heights[index] ?? bottom },
  }));
}

function toRuns(points: readonly (HistoryPoint | null)[]): HistoryPoint[][] {
  const runs: HistoryPoint[][] = [];
  let run: HistoryPoint[] = [];
  for (const point of [...points, null]) {
    if (point) run.push(point);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  return runs;
}

function toPath(run: readonly HistoryPoint[]): HistoryPath[] {
  const [start] = run;
  if (!start) return [];
  const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const there = run.map((it) => at(it.x, it.upper));
  const back = run.map((it) => at(it.x, it.lower)).reverse();
  return [
    {
      line: `M${run.map((it) => at(it.x, it.y)).join("L")}`,
      band: `M${[...there, ...back].join("L")}Z`,
      isSingle: run.length === 1,
      start,
    },
  ];
}

type Spread = { gap: number; top: number; bottom: number };

/** The heights nearest to those wanted at which no two words stand closer than `gap`. */
export function spread(wanted: readonly number[], { gap, top, bottom }: Spread): number[] {
  const order = wanted.map((y, index) => ({ y, index })).sort((one, other) => one.y - other.y);
  let floor = top;
  for (const it of order) {
    it.y = Math.max(it.y, floor);
    floor = it.y + gap;
  }
  let ceiling = bottom;
  for (const it of order.reverse()) {
    it.y = Math.min(it.y, ceiling);
    ceiling = it.y - gap;
  }
  const heights: number[] = [];
  for (const it of order) heights[it.index] = it.y;
  return heights;
}

function toCursor(
  history: RatingPoints,
  points: readonly (HistoryPoint & { line: number })[],
): PlotCursor {
  const find = (x: number, y: number) => {
    let found: number | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const [index, point] of points.entries()) {
      // The day first: lines are read along one moment.
      const distance = Math.abs(point.x - x) * 1_000 + Math.abs(point.y - y);
      if (distance < least) [found, least] = [index, distance];
    }
    return found;
  };
  const nearest = (line: number, day: number) => {
    const list = points.map((it, index) => ({ ...it, index })).filter((it) => it.line === line);
    list.sort((one, other) => Math.abs(one.day - day) - Math.abs(other.day - day));
    return list[0]?.index;
  };
  return {
    count: points.length,
    find,
    move: (from, direction) => {
      const point = points[from];
      if (!point) return from;
      const { line, day } = point;
      const own = points.map((it, index) => ({ ...it, index })).filter((it) => it.line === line);
      if (direction === "first") return own[0]?.index ?? from;
      if (direction === "last") return own.at(-1)?.index ?? from;
      if (direction === "up" || direction === "down") {
        return nearest(line + (direction === "down" ? 1 : -1), day) ?? from;
      }
      const place = own.findIndex((it) => it.index === from);
      return own[place + (direction === "right" ? 1 : -1)]?.index ?? from;
    },
    at: (index) => points[index] ?? { x: 0, y: 0 },
    tip: (index) => {
      const place = points[index];
      const model = history.models[place?.line ?? -1];
      const point = place && model?.points[place.day];
      const day = place && history.days[place.day];
      if (!model || !point || day === undefined) return { title: "", lines: [] };
      return {
        title: model.model,
        lines: [
          ["Day", toFullDay(day)],
          ["Score", formatCount(point.rating)],
          ["95 % interval", `${formatCount(point.lower)} to ${formatCount(point.upper)}`],
        ],
      };
    },
  };
}
