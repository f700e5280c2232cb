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
  /** Where the cursor stands afterwards, from the first live row; absent: nobody sees it. */
  cursor?: { row: number; column: number };
};

// Drawn at once where a terminal knows how (2026); no row goes on in the next one by itself (7), whatever
// width the terminal gives an emoji.
const BEGIN = "\x1b[?2026h\x1b[?25l\x1b[?7l";
const END = "\x1b[?7h\x1b[?2026l";
const SHOW_CURSOR = "\x1b[?25h";

type Row = { bytes: string; width: number };

/**
 * The bottom of what is on the screen, which changes; what is above belongs to the terminal and its
 * scrollback. Rows that did not change are not written again. Between two drawings the cursor waits in an
 * empty row below them all: terminals that change their width break and join rows, some of them but for the
 * cursor's own, and all of them move the cursor by what that does to the rows above it.
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
    const place = cursor ? this.#place({ ...cursor, row: Math.max(0, cursor.row - cut) }) : "";
    const isSeen = cursor !== undefined || shown.length === 0;
    const end = END + (isSeen ? SHOW_CURSOR : "");
    if (text !== "" || place !== "") this.#canvas.write(BEGIN + text + place + end);
  }

  /** Leaves the cursor below the last row. */
  #replace(done: readonly Row[], shown: readonly Row[]): string {
    const before = this.#drawn;
    const same = done.length > 0 ? 0 : countSame(before, shown);
    if (same === shown.length && same === before.length && done.length === 0) return "";
    const start = this.#toRow(same) + (same < before.length ? "\x1b[J" : "");
    const fresh = [...done, ...shown.slice(same)];
    this.#drawn = shown;
    this.#cursor = { row: shown.length, column: 0 };
    return start + fresh.map(({ bytes }) => `${bytes}\r\n`).join("");
  }

  /** Lets what stands there be, and begins below it. */
  leave(): void {
    if (this.#drawn.length === 0) return;
    this.#canvas.write(this.#toRow(this.#drawn.length) + SHOW_CURSOR);
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
