import {
  MODEL_CHARACTER_PX,
  moveInGrid,
  type PlotLayout,
  type PlotTip,
  shorten,
} from "./plot-layout";

/** One cell of a heat map. */
export type HeatCell = {
  /** Which colour; null: nothing is known, and nothing is drawn. */
  step: number | null;
  /** What stands in it where there is room. */
  text: string;
  /** On so few votes that it is drawn small and without its number. */
  isFaint: boolean;
};

export type HeatLayout = PlotLayout & {
  names: readonly { name: string; number: string }[];
  cells: readonly HeatCell[];
  count: number;
  side: number;
  /** Where the cells begin. */
  left: number;
  top: number;
  look: { hasNumbers: boolean; hasNames: boolean; hasHeads: "names" | "numbers" | "none" };
};

export type HeatOptions = {
  models: readonly string[];
  width: number;
  cell: (row: number, column: number) => HeatCell;
  tip: (row: number, column: number) => PlotTip;
};

const SIDE_MAX = 44;
/** Under it a number does not fit. */
const SIDE_OF_NUMBERS = 25;
/** Under it no line of text fits beside a cell. */
const SIDE_OF_NAMES = 12;
const SIDE_MIN = 4;
const SIDE_OF_SLANTED_HEADS = 22;
const LEGEND_HEIGHT = 52;
/** How far a character of a slanted head goes up, and to the right. */
const HEAD_STEP = MODEL_CHARACTER_PX * Math.SQRT1_2;

/** Row against column. Cells are squares, as large as there is room for and never too small to be hit. */
export function toHeatLayout({ models, width, cell, tip }: HeatOptions): HeatLayout {
  const count = models.length;
  const lengthMax = width < 560 ? 11 : 24;
  const short = models.map((it) => shorten(it, lengthMax));
  const longest = Math.max(0, ...short.map((it) => it.length));
  const digits = String(count).length;
  const nameWidth = Math.ceil((longest + digits + 1) * MODEL_CHARACTER_PX) + 12;
  const isWide = width >= 560;
  const plain = Math.floor((width - nameWidth) / Math.max(1, count));
  // Slanted heads lean over the right edge of the cells, which leave them the room.
  const lean = isWide && plain >= SIDE_OF_SLANTED_HEADS ? toLean(short, plain) : 0;
  const named = Math.floor((width - nameWidth - lean) / Math.max(1, count));
  const numberWidth = Math.ceil(digits * MODEL_CHARACTER_PX) + 12;
  // Names that do not fit beside their cells leave their room to the cells.
  const fitting =
    named >= SIDE_OF_NAMES
      ? named
      : Math.min(SIDE_OF_NAMES - 1, Math.floor((width - numberWidth) / Math.max(1, count)));
  // A phone scrolls sideways rather than showing cells that no finger hits; a desk shows them all.
  const side = Math.min(SIDE_MAX, Math.max(fitting, count <= 60 ? SIDE_OF_NAMES : SIDE_MIN));
  const hasNames = side >= SIDE_OF_NAMES;
  const left = hasNames ? nameWidth : numberWidth;
  const isSlanted = side >= SIDE_OF_SLANTED_HEADS && isWide;
  const top = isSlanted ? Math.ceil(longest * HEAD_STEP) + 28 : 24;
  return {
    ...{ count, side, left, top },
    width: Math.max(width, left + side * count + (isSlanted ? toLean(short, side) : 0)),
    height: top + side * count + LEGEND_HEIGHT,
    names: short.map((name, index) => ({ name, number: String(index + 1) })),
    cells: Array.from({ length: count * count }, (_, index) =>
      cell(Math.floor(index / count), index % count),
    ),
    look: {
      hasNumbers: side >= SIDE_OF_NUMBERS,
      hasNames,
      hasHeads: isSlanted ? "names" : hasNames ? "numbers" : "none",
    },
    cursor: {
      count: count * count,
      find: (x, y) => {
        const [row, column] = [Math.floor((y - top) / side), Math.floor((x - left) / side)];
        const isInside = row >= 0 && column >= 0 && row < count && column < count;
        return isInside ? row * count + column : null;
      },
      move: moveInGrid(count, count),
      at: (index) => ({
        x: left + ((index % count) + 0.5) * side,
        y: top + (Math.floor(index / count) + 0.5) * side,
      }),
      tip: (index) => tip(Math.floor(index / count), index % count),
    },
  };
}

/** By how much the farthest slanted head passes the last column. */
function toLean(names: readonly string[], side: number): number {
  const ends = names.map((name, index) => (index + 0.5) * side + name.length * HEAD_STEP + 16);
  return Math.max(0, Math.ceil(Math.max(0, ...ends) - names.length * side));
}
