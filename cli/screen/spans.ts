import { graphemeWidth, textWidth, toGraphemes } from "./cell-width";

/**
 * A text with looks, before it is bytes: rows are broken and padded by what is seen, and only a whole row
 * becomes escape sequences, so that none is ever cut in two.
 */
export type Span = {
  text: string;
  /** The numbers of a select-graphic-rendition sequence, such as `1;36`; empty: plain. */
  style: string;
};

/** Sixteen colours as the person's own terminal has them, so that light and dark are theirs. */
export const STYLE = {
  plain: "",
  bold: "1",
  faint: "2",
  italic: "3",
  underline: "4",
  struck: "9",
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  magenta: "35",
  cyan: "36",
} as const;

export const plain = (text: string): Span => ({ text, style: STYLE.plain });
export const faint = (text: string): Span => ({ text, style: STYLE.faint });

export function mixStyles(...styles: readonly string[]): string {
  return styles.filter((it) => it !== "").join(";");
}

export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The bytes of a row; without colours only its text. */
export function toAnsi(spans: readonly Span[], isColoured: boolean): string {
  if (!isColoured) return spans.map(({ text }) => text).join("");
  return spans
    .map(({ text, style }) => (style === "" ? text : `\x1b[${style}m${text}\x1b[0m`))
    .join("");
}

type Cell = { text: string; style: string; width: number };

function toCells(spans: readonly Span[]): Cell[] {
  return spans.flatMap(({ text, style }) =>
    toGraphemes(text).map((it) => ({ text: it, style, width: graphemeWidth(it) })),
  );
}

/** Neighbours of one style are one span again. */
function toSpans(cells: readonly Cell[]): Span[] {
  const spans: Span[] = [];
  for (const { text, style } of cells) {
    const last = spans.at(-1);
    if (last?.style === style) last.text += text;
    else spans.push({ text, style });
  }
  return spans;
}

/** Rows of at most `width` columns, broken between words where there are any; at least one. */
export function wrapSpans(
  spans: readonly Span[],
  width: number,
  { keepsSpaces = false }: { keepsSpaces?: boolean } = {},
): Span[][] {
  const room = Math.max(2, width);
  if (spansWidth(spans) <= room) return [[...spans]];
  const rows: Span[][] = [];
  let row: Cell[] = [];
  let used = 0;
  // Where the row may be broken: behind its last space or wide letter.
  let seam = 0;
  const close = (at: number) => {
    const next = row.slice(at);
    let end = at;
    while (!keepsSpaces && end > 0 && row[end - 1]?.text === " ") end--;
    rows.push(toSpans(row.slice(0, end)));
    row = next;
    used = next.reduce((sum, it) => sum + it.width, 0);
    seam = 0;
  };
  for (const cell of toCells(spans)) {
    const isSpace = cell.text === " ";
    if (used + cell.width > room) {
      // A space at the edge is the break itself.
      if (isSpace && !keepsSpaces) {
        close(row.length);
        continue;
      }
      close(seam > 0 && !keepsSpaces ? seam : row.length);
    }
    row.push(cell);
    used += cell.width;
    if (isSpace || cell.width === 2) seam = row.length;
  }
  if (row.length > 0) rows.push(toSpans(row));
  return rows;
}

/** A row made exactly `width` columns wide: cut with an ellipsis, or filled with spaces. */
export function fitSpans(spans: readonly Span[], width: number): Span[] {
  const have = spansWidth(spans);
  if (have <= width) return [...spans, plain(" ".repeat(width - have))];
  const kept: Cell[] = [];
  let used = 0;
  for (const cell of toCells(spans)) {
    if (used + cell.width > width - 1) break;
    kept.push(cell);
    used += cell.width;
  }
  return [...toSpans(kept), plain(`…${" ".repeat(Math.max(0, width - used - 1))}`)];
}
