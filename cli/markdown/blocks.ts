import {
  faint,
  fitSpans,
  mixStyles,
  plain,
  type Span,
  STYLE,
  spansWidth,
  wrapSpans,
} from "../screen/spans";
import { inlineSpans } from "./inline";

/** A piece of an answer that no width has been given yet: a resized terminal asks for its rows again. */
export type Block =
  | {
      type: "text";
      /** Before the first row, and before those that follow. */
      first: Span[];
      rest: Span[];
      body: Span[];
    }
  | { type: "code"; indent: number; body: Span[] }
  | { type: "rule" }
  | { type: "table"; rows: string[][]; align: Align[]; isGrowing: boolean };

export type Align = "left" | "right" | "center";

/** The rows of a block. */
export function blockRows(block: Block, width: number): Span[][] {
  switch (block.type) {
    case "rule":
      return [[faint("─".repeat(Math.max(1, width)))]];
    case "code":
      return wrapSpans(block.body, width - block.indent, { keepsSpaces: true }).map((row) => [
        plain(" ".repeat(block.indent)),
        ...row,
      ]);
    case "text": {
      const { first, rest, body } = block;
      const room = width - Math.max(spansWidth(first), spansWidth(rest));
      // In a few columns marks and indents would leave no room for words.
      if (room < 4) return wrapSpans([...first, ...body], width);
      return wrapSpans(body, room).map((row, index) => [...(index === 0 ? first : rest), ...row]);
    }
    case "table":
      return tableRows(block, width);
  }
}

const GAP = " │ ";

function tableRows({ rows, align, isGrowing }: Extract<Block, { type: "table" }>, width: number) {
  const cells = rows.map((row, index) =>
    align.map((_, column) =>
      inlineSpans(row[column] ?? "", {
        style: index === 0 ? STYLE.bold : STYLE.plain,
        isGrowing: isGrowing && index === rows.length - 1,
      }),
    ),
  );
  const wanted = align.map((_, column) =>
    Math.max(1, ...cells.map((row) => spansWidth(row[column] ?? []))),
  );
  const widths = shrink(wanted, width - GAP.length * (align.length - 1));
  if (widths === undefined) return stackedRows(cells, width);
  const lines = cells.flatMap((row) => rowLines(row, widths, align));
  const rule = faint(widths.map((it) => "─".repeat(it)).join("─┼─"));
  const headHeight = rowLines(cells[0] ?? [], widths, align).length;
  return [...lines.slice(0, headHeight), [rule], ...lines.slice(headHeight)];
}

const COLUMN_MIN = 4;

/** The widest columns give way first; undefined where there is no room for all of them. */
function shrink(wanted: readonly number[], room: number): number[] | undefined {
  if (room < wanted.length * COLUMN_MIN && wanted.reduce((sum, it) => sum + it, 0) > room) {
    return undefined;
  }
  const widths = [...wanted];
  let over = widths.reduce((sum, it) => sum + it, 0) - room;
  while (over > 0) {
    const widest = Math.max(...widths);
    widths[widths.indexOf(widest)] = widest - 1;
    over--;
  }
  return widths;
}

function rowLines(cells: readonly Span[][], widths: readonly number[], align: readonly Align[]) {
  const wrapped = widths.map((width, column) => wrapSpans(cells[column] ?? [], width));
  const height = Math.max(...wrapped.map((it) => it.length));
  return Array.from({ length: height }, (_, line) =>
    widths.flatMap((width, column) => {
      const cell = padTo(wrapped[column]?.[line] ?? [], width, align[column] ?? "left");
      return column === 0 ? cell : [faint(GAP), ...cell];
    }),
  );
}

function padTo(spans: readonly Span[], width: number, align: Align): Span[] {
  const missing = Math.max(0, width - spansWidth(spans));
  const before = align === "left" ? 0 : align === "right" ? missing : Math.floor(missing / 2);
  return fitSpans([plain(" ".repeat(before)), ...spans], width);
}

/** In a terminal too narrow for its columns each row is a list of `head: cell`. */
function stackedRows(cells: readonly Span[][][], width: number): Span[][] {
  const [head = [], ...rows] = cells;
  return rows.flatMap((row, index) => [
    ...(index > 0 ? [[]] : []),
    ...row.flatMap((cell, column) =>
      wrapSpans([...(head[column] ?? []), plain(": "), ...cell], width),
    ),
  ]);
}

/** A line of words: heading, item, quote or paragraph. */
export function textBlock(line: string, isGrowing: boolean): Block {
  const heading = /^ {0,3}(#{1,6})[ \t]+(.*)$/.exec(line);
  if (heading) {
    const [, marks = "", said = ""] = heading;
    const words = withoutClosingMarks(said);
    const look = marks.length < 3 ? mixStyles(STYLE.bold, STYLE.magenta) : STYLE.bold;
    return {
      type: "text",
      first: [],
      rest: [],
      body: inlineSpans(words, { style: look, isGrowing }),
    };
  }
  if (/^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/.test(line) && !isGrowing) return { type: "rule" };
  const [quotes = ""] = /^ {0,3}(?:>[ \t]?)+/.exec(line) ?? [];
  const depth = Math.min([...quotes].filter((it) => it === ">").length, QUOTE_DEPTH_MAX);
  const quoted = faint("│ ".repeat(depth));
  const { indent, mark, words } = readItem(line.slice(quotes.length));
  const before = depth > 0 ? [quoted] : [];
  const style = depth > 0 ? STYLE.italic : STYLE.plain;
  return {
    type: "text",
    first: [...before, plain(indent), ...(mark === "" ? [] : [{ text: mark, style: STYLE.cyan }])],
    rest: [...before, plain(indent + " ".repeat(mark.length))],
    body: inlineSpans(words, { style, isGrowing }),
  };
}

/** `## Title ##` is a title, too. */
function withoutClosingMarks(text: string): string {
  const words = text.trim();
  let end = words.length;
  while (words[end - 1] === "#") end--;
  return end === 0 || words[end - 1] === " " ? words.slice(0, end).trimEnd() : words;
}

/** Deeper ones would leave no room, either. */
const QUOTE_DEPTH_MAX = 8;
/** Deeper than this an indent would leave no room. */
const INDENT_MAX = 16;

function readItem(line: string): { indent: string; mark: string; words: string } {
  const [space = ""] = /^[ \t]*/.exec(line) ?? [];
  const indent = space.replaceAll("\t", "    ").slice(0, INDENT_MAX);
  const item = /^(?:([-*+])|(\d{1,9}[.)]))(?:[ \t]+|$)(?:\[([ xX])\][ \t]+)?(.*)$/.exec(
    line.slice(space.length),
  );
  if (!item) return { indent, mark: "", words: line.slice(space.length) };
  const [, bullet, number, box, words = ""] = item;
  const sign = number ?? (bullet === undefined ? "" : "•");
  const boxed = box === undefined ? sign : box === " " ? "☐" : "☑";
  return { indent, mark: `${boxed} `, words };
}
