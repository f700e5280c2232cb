import { moveInList, type PlotLayout, type PlotTip } from "@/components/plots/plot-layout";

export type RowBar = {
  label: string;
  /** What the bar's length stands for. */
  value: number;
  /** Beside the bar. */
  text: string;
  tone: "ink" | "a" | "b";
  tip: PlotTip;
};

export type RowBarsLayout = PlotLayout & {
  rows: readonly (RowBar & { y: number; length: number })[];
  from: number;
};

export const ROW_HEIGHT = 36;
export const BAR_HEIGHT = 14;
const TEXT_WIDTH = 88;

/** Bars one beneath the other, from one line; the greatest value fills the room. */
export function toRowBars(rows: readonly RowBar[], width: number): RowBarsLayout {
  const from = Math.min(176, Math.round(width * 0.36));
  const room = Math.max(16, width - from - TEXT_WIDTH);
  const most = Math.max(1e-9, ...rows.map(({ value }) => value));
  const placed = rows.map((row, index) => ({
    ...row,
    y: (index + 0.5) * ROW_HEIGHT,
    length: (row.value / most) * room,
  }));
  return {
    ...{ width, height: Math.max(1, rows.length) * ROW_HEIGHT, rows: placed, from },
    cursor: {
      count: rows.length,
      find: (_, y) => {
        const index = Math.floor(y / ROW_HEIGHT);
        return index >= 0 && index < rows.length ? index : null;
      },
      move: moveInList(rows.length),
      at: (index) => ({ x: from + (placed[index]?.length ?? 0), y: placed[index]?.y ?? 0 }),
      tip: (index) => rows[index]?.tip ?? { title: "", lines: [] },
    },
  };
}
