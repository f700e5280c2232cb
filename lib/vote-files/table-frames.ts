import { UNENDED_ROW_BYTES_MAX } from "@/lib/vote-file-limits";
import type { ByteWindow } from "./byte-window";
import type { RecordFrames, RecordSink } from "./record-frames";
import { BadRow } from "./vote-row";

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const DELIMITERS = [",", "\t", ";"];
const NEEDED = ["model_a", "model_b", "winner"];

/**
 * A table with a header (RFC 4180; tabs and semicolons separate as well), whose cells become the fields of a
 * record as texts.
 *
 * @returns undefined where the header is not whole yet, `no-header` where the first line is none of votes.
 */
export function tableFrames(
  window: ByteWindow,
  isLast: boolean,
  sink: RecordSink,
): RecordFrames | "no-header" | undefined {
  const { bytes, start, end } = window;
  const found = bytes.subarray(start, end).indexOf(NEWLINE);
  if (found < 0 && !isLast && end - start < HEADER_BYTES_MAX) return undefined;
  const header = bytes.toString("utf8", start, found < 0 ? end : start + found).trim();
  const delimiter = DELIMITERS.find((it) => header.split(it).length >= NEEDED.length);
  const names = delimiter === undefined ? [] : (toCells(header, delimiter) ?? []);
  if (delimiter === undefined || !NEEDED.every((it) => names.includes(it))) {
    return "no-header";
  }
  window.start = found < 0 ? end : start + found + 1;
  return new TableFrames({ sink, names, delimiter });
}

/** Headers of votes have some hundred. */
const HEADER_BYTES_MAX = 65_536;

class TableFrames implements RecordFrames {
  readonly format = "csv";
  readonly #sink: RecordSink;
  readonly #names: readonly string[];
  readonly #delimiter: string;
  #line = 1;
  #row = 0;

  constructor(given: { sink: RecordSink; names: readonly string[]; delimiter: string }) {
    this.#sink = given.sink;
    this.#names = given.names;
    this.#delimiter = given.delimiter;
  }

  consume(window: ByteWindow, isLast: boolean): void {
    const { bytes, end } = window;
    let at = window.start;
    while (at < end) {
      const row = findRow(bytes, { start: at, limit: end, delimiter: this.#delimiter });
      const isUnended = row.end < 0 && end - at >= UNENDED_ROW_BYTES_MAX;
      if (row.end < 0 && !isLast && !(row.isQuoted && isUnended)) break;
      const isTaken = !(row.isQuoted && row.end < 0) && this.#take(bytes, at, row.end, end);
      at = isTaken ? (row.end < 0 ? end : row.end) : this.#refuseLine(bytes, at, end);
    }
    window.start = at;
  }

  /**
   * Takes what stands from `start` to `rowEnd`, or to `end` where no break ends it.
   *
   * @returns false, and nothing is told, where a quote opened a row of several lines that is none.
   */
  #take(bytes: Buffer, start: number, rowEnd: number, end: number): boolean {
    const text = bytes.toString("utf8", start, rowEnd < 0 ? end : rowEnd);
    const row = text.replace(/\r?\n$/, "");
    // Breaks within quotes are lines as well.
    const lines = row.split("\n").length;
    const place = { line: this.#line + 1, row: this.#row + 1 };
    if (row.trim() !== "") {
      const cells = toCells(row, this.#delimiter);
      if (lines > 1 && cells?.length !== this.#names.length) return false;
      this.#row += 1;
      try {
        this.#sink.take(this.#toRecord(cells), place);
      } catch (error) {
        if (!(error instanceof BadRow)) throw error;
        this.#sink.refuse(place, error.message);
      }
    }
    this.#line += lines;
    return true;
  }

  #toRecord(cells: readonly string[] | undefined): Record<string, string> {
    if (cells === undefined) throw new BadRow(BAD_QUOTE);
    if (cells.length !== this.#names.length) {
      throw new BadRow(`has ${cells.length} cells where the header has ${this.#names.length}`);
    }
    return Object.fromEntries(this.#names.map((name, index) => [name, cells[index] ?? ""]));
  }

  /** A stray quote is its own line's fault: what stands behind that is read as if nothing were. */
  #refuseLine(bytes: Buffer, start: number, end: number): number {
    this.#line += 1;
    this.#row += 1;
    this.#sink.refuse({ line: this.#line, row: this.#row }, BAD_QUOTE);
    const found = bytes.indexOf(NEWLINE, start);
    return found < 0 || found >= end ? end : found + 1;
  }
}

const BAD_QUOTE = "has a quote that does not end, or text behind one";

type FoundRow = {
  /** Behind the break that ends it, or -1. */
  end: number;
  /** The end was looked for within a quote. */
  isQuoted: boolean;
};

/** A quote opens a cell at its beginning alone; elsewhere it is text. A break within quotes ends no row. */
function findRow(
  bytes: Buffer,
  { start, limit, delimiter }: { start: number; limit: number; delimiter: string },
): FoundRow {
  const separator = delimiter.charCodeAt(0);
  for (let at = start; at < limit; ) {
    if (bytes[at] === QUOTE) {
      at = endOfQuotes(bytes, at, limit);
      if (at < 0) return { end: -1, isQuoted: true };
    }
    while (at < limit && bytes[at] !== separator && bytes[at] !== NEWLINE) at += 1;
    if (at < limit && bytes[at] === NEWLINE) return { end: at + 1, isQuoted: false };
    at += 1;
  }
  return { end: -1, isQuoted: false };
}

/** Behind the quote that ends the cell; two of them are one of its text. */
function endOfQuotes(bytes: Buffer, start: number, limit: number): number {
  for (let at = start + 1; ; at += 2) {
    at = bytes.indexOf(QUOTE, at);
    if (at < 0 || at >= limit) return -1;
    if (bytes[at + 1] !== QUOTE || at + 1 >= limit) return at + 1;
  }
}

/** Undefined where the quotes are not those of a table. */
function toCells(row: string, delimiter: string): string[] | undefined {
  if (!row.includes('"')) return row.split(delimiter);
  const cells: string[] = [];
  for (let at = 0; ; ) {
    if (row[at] === '"') {
      let cell = "";
      for (at += 1; ; ) {
        const quote = row.indexOf('"', at);
        if (quote < 0) return undefined;
        cell += row.slice(at, quote);
        at = quote + 1;
        if (row[at] !== '"') break;
        cell += '"';
        at += 1;
      }
      cells.push(cell);
      if (at < row.length && row[at] !== delimiter) return undefined;
    } else {
      const found = row.indexOf(delimiter, at);
      const end = found < 0 ? row.length : found;
      cells.push(row.slice(at, end));
      at = end;
    }
    if (at >= row.length) return cells;
    at += 1;
  }
}
