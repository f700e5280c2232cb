import { type Span, spansWidth, toAnsi } from "./spans";

/** Where it draws, as far as it asks. */
export type Canvas = {
  readonly columns: number;
  readonly rows: number;
  readonly isColoured: boolean;
  write(text: string): void;
};

export type Drawing = {
  /** Rows that stay for good, above what may still change. */
  done?: readonly (readonly Span[])[];
  /** Rows that the next drawing replaces. */
  live: readonly (readonly Span[])[];
  /** Where the cursor stands afterwards, from the first live row; absent: behind the last letter. */
  cursor?: { row: number; column: number };
};

// Drawn at once where a terminal knows how (2026); no row goes on in the next one by itself (7), whatever
// width the terminal gives an emoji.
const BEGIN = "\x1b[?2026h\x1b[?7l";
const END = "\x1b[?7h\x1b[?2026l";

type Row = { bytes: string; width: number };

/**
 * The bottom of what is on the screen, which changes; what is above belongs to the terminal and its
 * scrollback. Rows that did not change are not written again.
 */
export class LiveArea {
  readonly #canvas: Canvas;
  /** What stands there: bytes and columns of each row. */
  #drawn: readonly Row[] = [];
  #cursor = { row: 0, column: 0 };

  constructor(canvas: Canvas) {
    this.#canvas = canvas;
  }

  draw({ done = [], live, cursor }: Drawing): void {
    const toRow = (spans: readonly Span[]): Row => ({
      bytes: toAnsi(spans, this.#canvas.isColoured),
      width: spansWidth(spans),
    });
    // Of what is higher than the screen its end is shown: rows that scrolled away cannot be drawn again.
    const cut = Math.max(0, live.length - Math.max(1, this.#canvas.rows - 1));
    const shown = live.slice(cut).map(toRow);
    const text = this.#replace(done.map(toRow), shown);
    const last = Math.max(0, shown.length - 1);
    const end = { row: last, column: shown[last]?.width ?? 0 };
    const place = this.#place(cursor ? { ...cursor, row: Math.max(0, cursor.row - cut) } : end);
    if (text !== "" || place !== "") this.#canvas.write(BEGIN + text + place + END);
  }

  /** Leaves the cursor behind the last letter. */
  #replace(done: readonly Row[], shown: readonly Row[]): string {
    const before = this.#drawn;
    const same = done.length > 0 ? 0 : countSame(before, shown);
    if (same === shown.length && same === before.length && done.length === 0) return "";
    const from = Math.max(0, Math.min(same, shown.length - 1));
    let text = "\r";
    if (from < before.length) text = `${this.#toRow(from)}\x1b[J`;
    else if (before.length > 0) text = `${this.#toRow(before.length - 1)}\r\n`;
    const kept = done.map(({ bytes }) => `${bytes}\r\n`).join("");
    const fresh = shown.slice(from);
    this.#drawn = shown;
    const last = Math.max(0, shown.length - 1);
    this.#cursor = { row: last, column: shown[last]?.width ?? 0 };
    return text + kept + fresh.map(({ bytes }) => bytes).join("\r\n");
  }

  /** Lets what stands there be, and begins below it. */
  leave(): void {
    if (this.#drawn.length === 0) return;
    this.#canvas.write(`${this.#toRow(this.#drawn.length - 1)}\r\n`);
    this.forget();
  }

  /** Whatever stands there is no longer ours: the screen was cleared, or somebody else wrote. */
  forget(): void {
    this.#drawn = [];
    this.#cursor = { row: 0, column: 0 };
  }

  #place(cursor: { row: number; column: number }): string {
    const { row, column } = this.#cursor;
    if (row === cursor.row && column === cursor.column) return "";
    this.#cursor = cursor;
    const up = row - cursor.row;
    const vertical = up > 0 ? `\x1b[${up}A` : up < 0 ? `\x1b[${-up}B` : "";
    return `\r${vertical}${cursor.column > 0 ? `\x1b[${cursor.column}C` : ""}`;
  }

  /** From the cursor to the beginning of a row of the drawing. */
  #toRow(target: number): string {
    const { row, column } = this.#cursor;
    const above = this.#brokenRows(column);
    if (target > row) return `\r\x1b[${Math.max(1, this.#heightOf(row, target) - above)}B`;
    const up = this.#heightOf(target, row) + above;
    return `\r${up > 0 ? `\x1b[${up}A` : ""}`;
  }

  /** Rows of the screen from one row of the drawing to another: a terminal made narrower has broken them. */
  #heightOf(from: number, to: number): number {
    const rows = this.#drawn.slice(from, to);
    return rows.reduce((sum, { width }) => sum + 1 + this.#brokenRows(width), 0);
  }

  #brokenRows(width: number): number {
    return Math.floor(Math.max(0, width - 1) / Math.max(1, this.#canvas.columns));
  }
}

function countSame(before: readonly Row[], now: readonly Row[]): number {
  let same = 0;
  while (same < before.length && before[same]?.bytes === now[same]?.bytes) same++;
  return same;
}
