export type PlotTip = {
  title: string;
  lines: readonly (readonly [label: string, value: string])[];
};

export type Direction = "up" | "down" | "left" | "right" | "first" | "last";

/** The marks of a drawing, by index: which one is meant by a pointer or a key, and what is said of it. */
export type PlotCursor = {
  count: number;
  /** The mark at a point of the drawing; null where there is none near. */
  find: (x: number, y: number) => number | null;
  /** The mark that a key leads to. */
  move: (from: number, direction: Direction) => number;
  /** Where the mark is, for its words to stand beside. */
  at: (index: number) => { x: number; y: number };
  tip: (index: number) => PlotTip;
};

/** Where everything of a drawing stands, in pixels, before anything is drawn. */
export type PlotLayout = { width: number; height: number; cursor: PlotCursor };

/** Marks in one list: every arrow goes on or back by one, and the ends hold. */
export function moveInList(count: number): PlotCursor["move"] {
  return (from, direction) => {
    if (direction === "first") return 0;
    if (direction === "last") return count - 1;
    const step = direction === "down" || direction === "right" ? 1 : -1;
    return Math.min(count - 1, Math.max(0, from + step));
  };
}

/** Marks in rows and columns, counted row by row; `first` and `last` are those of the row. */
export function moveInGrid(rows: number, columns: number): PlotCursor["move"] {
  return (from, direction) => {
    const row = Math.floor(from / columns);
    const column = from % columns;
    const targets: Record<Direction, readonly [row: number, column: number]> = {
      up: [Math.max(0, row - 1), column],
      down: [Math.min(rows - 1, row + 1), column],
      left: [row, Math.max(0, column - 1)],
      right: [row, Math.min(columns - 1, column + 1)],
      first: [row, 0],
      last: [row, columns - 1],
    };
    const [toRow, toColumn] = targets[direction];
    return toRow * columns + toColumn;
  };
}

/** Of loose points, the nearest one within `reach` pixels. */
export function findNearest(
  points: readonly { x: number; y: number }[],
  reach: number,
): PlotCursor["find"] {
  return (x, y) => {
    let found: number | null = null;
    let least = reach * reach;
    for (const [index, point] of points.entries()) {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance <= least) [found, least] = [index, distance];
    }
    return found;
  };
}

/** Loose points: left and right by where they stand across, up and down by their height. */
export function moveAmong(points: readonly { x: number; y: number }[]): PlotCursor["move"] {
  const across = order(points, (it) => it.x);
  const upwards = order(points, (it) => -it.y);
  return (from, direction) => {
    const isAcross = direction !== "up" && direction !== "down";
    const list = isAcross ? across : upwards;
    if (direction === "first") return list[0] ?? from;
    if (direction === "last") return list.at(-1) ?? from;
    const step = direction === "right" || direction === "up" ? 1 : -1;
    return list[list.indexOf(from) + step] ?? from;
  };
}

function order<T>(items: readonly T[], by: (item: T) => number): number[] {
  return items
    .map((item, index) => ({ index, by: by(item) }))
    .sort((one, other) => one.by - other.by)
    .map((it) => it.index);
}

/** As much of a name as `lengthMax` characters show; whose model it is goes first. */
export function shorten(name: string, lengthMax: number): string {
  if (name.length <= lengthMax) return name;
  const own = name.slice(name.lastIndexOf("/") + 1) || name;
  return own.length <= lengthMax ? own : `${own.slice(0, Math.max(1, lengthMax - 1))}…`;
}

/** A character of the monospaced face at 12 px is this wide: names are placed without being measured. */
export const MODEL_CHARACTER_PX = 7.2;
