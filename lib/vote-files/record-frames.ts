import { AppError } from "@/lib/errors";
import { BROKEN_ELEMENTS_MAX, UNENDED_ROW_BYTES_MAX } from "@/lib/vote-file-limits";
import type { ByteWindow } from "./byte-window";
import type { Place, VoteFileFormat } from "./read-report";
import { BadRow } from "./vote-row";

/** Finding the records of a file: lines of JSON, elements of one JSON array, rows of a table. */

/** Who takes records. */
export type RecordSink = {
  /** Where the record at `start` ends if it is of a form known by heart, or -1; nothing is taken yet. */
  match?(bytes: Buffer, start: number, limit: number): number;
  /** Takes what `match` found; false where its values have to be looked at more closely. */
  takeMatch?(bytes: Buffer): boolean;
  /** Told of the bytes of a record that `take` took, to learn its form. */
  learn?(bytes: Buffer, start: number, end: number): void;
  /** Takes a record. */
  take(record: unknown, place: Place): void;
  refuse(place: Place, reason: string): void;
};

export type RecordFrames = {
  readonly format: VoteFileFormat;
  /** Takes all whole records of the window. */
  consume(window: ByteWindow, isLast: boolean): void;
};

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export const isBlank = (byte: number | undefined) =>
  byte === 0x20 || byte === NEWLINE || byte === RETURN || byte === 0x09;

/**
 * The frames of a file, told from its first bytes; undefined where there are too few yet.
 *
 * @throws AppError `invalid-request` for a file that is not votes.
 */
export function framesOf(
  window: ByteWindow,
  isLast: boolean,
  sink: RecordSink,
  toTable: (window: ByteWindow, isLast: boolean) => RecordFrames | "no-header" | undefined,
): RecordFrames | undefined {
  const { bytes, end } = window;
  const at = skipMark(window);
  let first = at;
  while (first < end && isBlank(bytes[first])) first += 1;
  if (first === end) return undefined;
  window.start = at;
  if (bytes[first] === OPEN_OBJECT) return new LineFrames(sink);
  if (bytes[first] === OPEN_LIST) {
    return isListAmongLines(window, first) ? new LineFrames(sink) : new ArrayFrames(sink);
  }
  if (bytes.toString("latin1", first, first + 4) === "PAR1") {
    throw new AppError("invalid-request", {
      message: "The file is Parquet; write its rows as JSON lines or CSV first.",
    });
  }
  const table = toTable(window, isLast);
  if (table !== "no-header") return table;
  if (OBJECT_LINE.test(bytes.toString("latin1", first, end))) return new LineFrames(sink);
  if (!isLast && end - first < LOOKED_AT_BYTES) return undefined;
  throw new AppError("invalid-request", {
    message:
      "The file is not votes: it begins neither with { or [ as JSON does, nor with a header that names model_a, model_b and winner.",
  });
}

/** So much of a file is looked at for lines of JSON behind one that is none. */
const LOOKED_AT_BYTES = 65_536;
const OBJECT_LINE = /\n[ \t]*\{[ \t]*"/;

/** Whether the list that the file begins with is a line by itself: a bad one, and objects follow. */
function isListAmongLines({ bytes, end }: ByteWindow, first: number): boolean {
  const found = bytes.subarray(first, Math.min(end, first + LOOKED_AT_BYTES)).indexOf(NEWLINE);
  if (found < 0) return false;
  let next = first + found;
  while (next < end && isBlank(bytes[next])) next += 1;
  if (next === end || bytes[next] !== OPEN_OBJECT) return false;
  try {
    JSON.parse(bytes.toString("utf8", first, first + found));
    return true;
  } catch {
    // Its elements are on lines of their own.
    return false;
  }
}

/** Some programs begin a text with the mark of its encoding. */
function skipMark({ bytes, start, end }: ByteWindow): number {
  const isMarked = end - start >= 3 && bytes.readUIntBE(start, 3) === 0xefbbbf;
  return isMarked ? start + 3 : start;
}

/** Parses one record and hands it on. @returns false of what is not JSON, which is told. */
function takeText(
  sink: RecordSink,
  { bytes, start, end, place }: { bytes: Buffer; start: number; end: number; place: Place },
): boolean {
  let record: unknown;
  try {
    record = parseRecord(bytes.toString("utf8", start, end));
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    // What the parser quotes of the text says less than where it stopped.
    sink.refuse(place, `is not JSON: ${words.replace(/, (?:\.\.\.)?".*$/s, "").slice(0, 120)}`);
    return false;
  }
  try {
    sink.take(record, place);
  } catch (error) {
    if (!(error instanceof BadRow)) throw error;
    sink.refuse(place, error.message);
    return true;
  }
  sink.learn?.(bytes, start, end);
  return true;
}

/** A text, or what Python writes for a number that is none. */
const NOT_A_NUMBER = /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/g;

/** JSON, also as Python writes it of tables with gaps: there NaN stands for what is not known. */
function parseRecord(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!text.includes("NaN") && !text.includes("Infinity")) throw error;
    return JSON.parse(text.replace(NOT_A_NUMBER, (_, quoted?: string) => quoted ?? "null"));
  }
}

/** A record a line; empty lines are none. */
class LineFrames implements RecordFrames {
  readonly format = "json-lines";
  readonly #sink: RecordSink;
  #line = 0;
  #row = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  consume(window: ByteWindow, isLast: boolean): void {
    const { bytes, start, end } = window;
    const sink = this.#sink;
    const lastBreak = bytes.subarray(start, end).lastIndexOf(NEWLINE);
    const limit = isLast ? end : start + lastBreak + 1;
    for (let at = start; at < limit; ) {
      this.#line += 1;
      const matched = sink.match?.(bytes, at, limit) ?? -1;
      if (matched >= 0) {
        const after = endOfLine(bytes, matched, limit);
        if (after >= 0 && sink.takeMatch?.(bytes) === true) {
          this.#row += 1;
          at = after;
          continue;
        }
      }
      at = this.#takeLine(bytes, at, limit);
    }
    window.start = limit;
  }

  #takeLine(bytes: Buffer, start: number, limit: number): number {
    const found = bytes.indexOf(NEWLINE, start);
    const isBroken = found >= 0 && found < limit;
    let end = isBroken ? found : limit;
    const next = isBroken ? found + 1 : limit;
    let from = start;
    while (from < end && isBlank(bytes[from])) from += 1;
    while (end > from && isBlank(bytes[end - 1])) end -= 1;
    if (from === end) return next;
    this.#row += 1;
    takeText(this.#sink, { bytes, start: from, end, place: { line: this.#line, row: this.#row } });
    return next;
  }
}

/** Behind the break of the line that ends at `at`, or -1 where more stands in it. */
function endOfLine(bytes: Buffer, at: number, limit: number): number {
  if (at === limit) return limit;
  if (bytes[at] === NEWLINE) return at + 1;
  return bytes[at] === RETURN && bytes[at + 1] === NEWLINE ? at + 2 : -1;
}

/** The elements of one array, on one line or on many. */
class ArrayFrames implements RecordFrames {
  readonly format = "json-array";
  readonly #sink: RecordSink;
  #line = 1;
  #row = 0;
  #state: "before" | "within" | "after" = "before";
  /** Elements that did not end, behind which the next one was found. */
  #broken = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  consume(window: ByteWindow, isLast: boolean): void {
    const { bytes, end } = window;
    let at = window.start;
    for (;;) {
      at = this.#skip(bytes, at, end);
      if (at === end) break;
      if (this.#state === "after") {
        this.#sink.refuse(
          { line: this.#line, row: this.#row },
          "stands behind the end of the list",
        );
        at = end;
        break;
      }
      const byte = bytes[at];
      if (this.#state === "before" || byte === CLOSE_LIST) {
        this.#state = byte === OPEN_LIST ? "within" : "after";
        at += 1;
        continue;
      }
      const next = this.#takeElement(bytes, at, end);
      if (next < 0 && !isLast && end - at < UNENDED_ROW_BYTES_MAX) break;
      const again = next < 0 ? this.#findNext(bytes, at, end) : next;
      if (again < 0 && !isLast) break;
      if (again < 0) {
        this.#refuseRest("is cut off by the end of the file");
        at = end;
        break;
      }
      if (next < 0) {
        this.#row += 1;
        this.#sink.refuse({ line: this.#line, row: this.#row }, "has a quote or brace too few");
        this.#countLines(bytes, at, again);
      }
      at = again;
    }
    window.start = at;
    if (isLast && this.#state === "within") this.#refuseRest("is missing: the list has no end");
  }

  #refuseRest(reason: string): void {
    this.#state = "after";
    this.#sink.refuse({ line: this.#line, row: this.#row + 1 }, reason);
  }

  /** Blanks, and commas between elements. */
  #skip(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (; at < end && (isBlank(bytes[at]) || bytes[at] === COMMA); at++) {
      if (bytes[at] === NEWLINE) this.#line += 1;
    }
    return at;
  }

  /** Behind it, or -1 where its end is not there yet. */
  #takeElement(bytes: Buffer, start: number, end: number): number {
    const sink = this.#sink;
    const matched = sink.match?.(bytes, start, end) ?? -1;
    // The byte behind it, if it is there, says whether the element ends here.
    if (matched >= 0 && matched < end && isSeparator(bytes[matched]) && sink.takeMatch?.(bytes)) {
      this.#row += 1;
      this.#countLines(bytes, start, matched);
      return matched;
    }
    const found = endOfElement(bytes, start, end);
    if (found < 0) return -1;
    this.#row += 1;
    const place = { line: this.#line, row: this.#row };
    const isJson = takeText(sink, { bytes, start, end: found, place });
    // Without its last brace it seemed to end where the list does, with all that is behind it.
    const again = isJson ? -1 : this.#findNext(bytes, start, found);
    const next = again < 0 ? found : again;
    this.#countLines(bytes, start, next);
    return next;
  }

  /**
   * Where within a broken element the next one begins, by what both begin with: a brace, the same blanks and the
   * first field's name, which no text holds, since quotes within texts have a backslash. -1 where none does.
   */
  #findNext(bytes: Buffer, start: number, end: number): number {
    if (this.#broken === BROKEN_ELEMENTS_MAX) return -1;
    const head = /^\{\s{0,64}"[^"\\]{1,64}"/.exec(
      bytes.toString("latin1", start, start + 256),
    )?.[0];
    if (head === undefined) return -1;
    const found = bytes.indexOf(head, start + 1, "latin1");
    if (found < 0 || found >= end) return -1;
    this.#broken += 1;
    return found;
  }

  #countLines(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at++) if (bytes[at] === NEWLINE) this.#line += 1;
  }
}

const isSeparator = (byte: number | undefined) =>
  byte === COMMA || byte === CLOSE_LIST || isBlank(byte);

/** Where an element of an array ends, by its brackets and quotes alone; -1 where it goes on beyond `limit`. */
function endOfElement(bytes: Buffer, start: number, limit: number): number {
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfText(bytes, at, limit) - 1;
      if (at < 0) return -1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth === 0) return at === start ? at + 1 : at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return -1;
}

/** Conversations are long texts: their quotes are looked for by the runtime's own search. */
function endOfText(bytes: Buffer, start: number, limit: number): number {
  for (let at = start + 1; ; ) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0 || quote >= limit) return -1;
    let slashes = 0;
    while (bytes[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
