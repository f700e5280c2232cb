import { AppError } from "@/lib/errors";
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
 * @returns undefined where the header is not whole yet.
 * @throws AppError `invalid-request` where the first line is no header of votes.
 */
export function tableFrames(
  window: ByteWindow,
  isLast: boolean,
  sink: RecordSink,
): RecordFrames | undefined {
  const { bytes, start, end } = window;
  const found = bytes.subarray(start, end).indexOf(NEWLINE);
  if (found < 0 && !isLast && end - start < HEADER_BYTES_MAX) return undefined;
  const header = bytes.toString("utf8", start, found < 0 ? end : start + found).trim();
  const delimiter = DELIMITERS.find((it) => header.split(it).length >= NEEDED.length);
  const names = delimiter === undefined ? [] : (toCells(header, delimiter) ?? []);
  if (delimiter === undefined || !NEEDED.every((it) => names.includes(it))) {
    throw new AppError("invalid-request", {
      message:
        "The file is not votes: it begins neither with { or [ as JSON does, nor with a header that names model_a, model_b and winner.",
    });
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
      const next = endOfRow(bytes, at, end);
      if (next < 0 && !isLast) break;
      const rowEnd = next < 0 ? end : next;
      this.#take(bytes.toString("utf8", at, rowEnd));
      at = rowEnd;
    }
    window.start = at;
  }

  #take(text: string): void {
    this.#line += 1;
    const place = { line: this.#line, row: this.#row + 1 };
    const row = text.replace(/\r?\n$/, "");
    // Breaks within quotes are lines as well.
    this.#line += row.split("\n").length - 1;
    if (row.trim() === "") return;
    this.#row += 1;
    try {
      const cells = toCells(row, this.#delimiter);
      if (cells === undefined)
        throw new BadRow("has a quote that does not end, or text behind one");
      if (cells.length !== this.#names.length) {
        throw new BadRow(`has ${cells.length} cells where the header has ${this.#names.length}`);
      }
      const record: Record<string, string> = {};
      for (const [index, name] of this.#names.entries()) record[name] = cells[index] ?? "";
      this.#sink.take(record, place);
    } catch (error) {
      if (!(error instanceof BadRow)) throw error;
      this.#sink.refuse(place, error.message);
    }
  }
}

/** Behind the break that ends a row, or -1; a break within quotes ends none. */
function endOfRow(bytes: Buffer, start: number, limit: number): number {
  let isQuoted = false;
  for (let at = start; at < limit; at++) {
    if (bytes[at] === QUOTE) isQuoted = !isQuoted;
    else if (bytes[at] === NEWLINE && !isQuoted) return at + 1;
  }
  return -1;
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
