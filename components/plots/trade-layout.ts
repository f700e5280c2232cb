import { paretoFront } from "./pareto-front";
import {
  findNearest,
  MODEL_CHARACTER_PX,
  moveAmong,
  type PlotLayout,
  type PlotTip,
  shorten,
} from "./plot-layout";
import type { RatedRow } from "./rated-rows";
import { linearScale, logScale, type Scale, type Tick } from "./scale";

/** What a score is set against. */
export type TradeMeasure = {
  name: string;
  /** With its unit. */
  label: string;
  /** Null where it is not known. */
  amountOf: (row: RatedRow) => number | null;
  /** More of it is better, as of speed; of a price less is. */
  isGain: boolean;
  format: (value: number) => string;
  /** Of exactly 0, which has no place on a scale of ratios. */
  zeroLabel: string;
};

export type TradePoint = { row: RatedRow; value: number; x: number; y: number; isFront: boolean };
export type TradeLabel = {
  text: string;
  x: number;
  y: number;
  anchor: "start" | "end" | "middle";
  isFront: boolean;
};

export type TradeLayout = PlotLayout & {
  points: readonly TradePoint[];
  /** The front as a line with steps: what is to be had for at most so much. */
  frontPath: string;
  labels: readonly TradeLabel[];
  across: Scale;
  up: Scale;
  left: number;
  right: number;
  top: number;
  bottom: number;
};

const LEFT = 48;
const TOP = 40;
const BOTTOM = 48;
/** Where a value of 0 stands, beside the scale of the others. */
const ZERO_WIDTH = 56;
const REACH = 28;
const NAME_LENGTH_MAX = 26;

export function toTradeLayout(
  rows: readonly RatedRow[],
  measure: TradeMeasure,
  width: number,
): TradeLayout {
  const known = rows
    .map((row) => ({ row, value: measure.amountOf(row) }))
    .filter((it): it is { row: RatedRow; value: number } => it.value !== null);
  const height = width < 560 ? 360 : 460;
  const [left, right, top, bottom] = [LEFT, width - 16, TOP, height - BOTTOM];
  const across = toAcross(known, measure, { left, right, width });
  const ratings = known.map((it) => it.row.rating);
  const up = linearScale({
    domain: [Math.min(...ratings), Math.max(...ratings)],
    range: [bottom, top],
    tickCountMax: 7,
    format: (value) => value.toFixed(0),
  });
  const sign = measure.isGain ? -1 : 1;
  const front = paretoFront(
    known.map((it) => ({ ...it, cost: sign * it.value, gain: it.row.rating })),
  );
  const onFront = new Set(front.map((it) => it.row.model));
  const points = known.map(({ row, value }) => ({
    ...{ row, value, isFront: onFront.has(row.model) },
    ...{ x: across.at(value), y: up.at(row.rating) },
  }));
  const steps = front.map((it) => ({ x: across.at(it.value), y: up.at(it.row.rating) }));
  return {
    ...{ width, height, points, across, up, left, right, top, bottom },
    frontPath: toSteps(steps, { end: measure.isGain ? left : right, bottom }),
    // A phone has room for the names that matter.
    labels: placeLabels(width < 560 ? points.filter((it) => it.isFront) : points, {
      ...{ left, right, top, bottom },
    }),
    cursor: {
      count: points.length,
      find: findNearest(points, REACH),
      move: moveAmong(points),
      at: (index) => points[index] ?? { x: 0, y: 0 },
      tip: (index) => toTip(points[index], measure),
    },
  };
}

type Sides = { left: number; right: number; width: number };

/** A scale of ratios; with a place of its own for 0 where a model has that. */
function toAcross(
  known: readonly { value: number }[],
  measure: TradeMeasure,
  { left, right, width }: Sides,
): Scale {
  const positive = known.map((it) => it.value).filter((it) => it > 0);
  const hasZero = positive.length < known.length;
  const zero: Tick = { value: 0, label: measure.zeroLabel };
  const zeroAt = left + ZERO_WIDTH / 2;
  if (positive.length === 0) {
    const at = (left + right) / 2;
    return { at: (value) => (value === 0 ? at : left), ticks: [zero], domain: [1, 1] };
  }
  const scale = logScale({
    domain: [Math.min(...positive), Math.max(...positive)],
    range: [hasZero ? left + ZERO_WIDTH : left, right],
    tickCountMax: width < 560 ? 5 : 9,
    format: measure.format,
  });
  if (!hasZero) return scale;
  return {
    ...scale,
    at: (value) => (value === 0 ? zeroAt : scale.at(value)),
    ticks: [zero, ...scale.ticks],
  };
}

function toTip(point: TradePoint | undefined, measure: TradeMeasure): PlotTip {
  if (!point) return { title: "", lines: [] };
  return {
    title: point.row.model,
    lines: [
      ["Score", point.row.rating.toFixed(0)],
      [measure.name, point.value === 0 ? measure.zeroLabel : measure.format(point.value)],
      ...(point.isFront ? [["Front", "no other is better in both"] as const] : []),
      ...(point.row.isPreliminary ? [["Preliminary", "on few votes"] as const] : []),
    ],
  };
}

function toSteps(
  steps: readonly { x: number; y: number }[],
  { end, bottom }: { end: number; bottom: number },
): string {
  const [first] = steps;
  if (!first) return "";
  const parts = [`M${first.x} ${bottom}V${first.y}`];
  for (const step of steps.slice(1)) parts.push(`H${step.x}V${step.y}`);
  return `${parts.join("")}H${end}`;
}

type Box = { x0: number; x1: number; y0: number; y1: number };
type Bounds = { left: number; right: number; top: number; bottom: number };

/**
 * Names beside their dots wherever they cover neither another name nor a dot, those of the front first; the
 * others are read by pointer or keys.
 */
function placeLabels(points: readonly TradePoint[], bounds: Bounds): TradeLabel[] {
  const taken: Box[] = points.map(({ x, y }) => ({ x0: x - 6, x1: x + 6, y0: y - 6, y1: y + 6 }));
  const labels: TradeLabel[] = [];
  const order = [...points].sort(
    (one, other) => Number(other.isFront) - Number(one.isFront) || one.y - other.y,
  );
  for (const point of order) {
    const text = shorten(point.row.model, NAME_LENGTH_MAX);
    const width = text.length * MODEL_CHARACTER_PX;
    const place = toPlaces(point, text).find((label) => {
      const box = toBox(label, width);
      const isInside =
        box.x0 >= bounds.left &&
        box.x1 <= bounds.right &&
        box.y0 >= bounds.top - 16 &&
        box.y1 <= bounds.bottom;
      return isInside && !taken.some((other) => overlaps(box, other));
    });
    if (!place) continue;
    labels.push(place);
    taken.push(toBox(place, width));
  }
  return labels;
}

function toPlaces({ x, y, isFront }: TradePoint, text: string): TradeLabel[] {
  return [
    { text, x: x + 10, y: y - 10, anchor: "start", isFront },
    { text, x: x - 10, y: y - 10, anchor: "end", isFront },
    { text, x: x + 11, y: y + 1, anchor: "start", isFront },
    { text, x: x - 11, y: y + 1, anchor: "end", isFront },
    { text, x: x + 10, y: y + 14, anchor: "start", isFront },
    { text, x: x - 10, y: y + 14, anchor: "end", isFront },
    { text, x, y: y - 14, anchor: "middle", isFront },
    { text, x, y: y + 18, anchor: "middle", isFront },
  ];
}

function toBox({ x, y, anchor }: TradeLabel, width: number): Box {
  const x0 = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { x0, x1: x0 + width, y0: y - 8, y1: y + 8 };
}

function overlaps(one: Box, other: Box): boolean {
  return one.x0 < other.x1 && other.x0 < one.x1 && one.y0 < other.y1 && other.y0 < one.y1;
}
