import { assert } from "@/lib/util/assert";

/**
 * Reading records that look like the one before. A file of votes is written by a program, so that its records
 * differ in their values and in nothing else. The first one teaches a shape: the bytes between its values.
 * A record of that shape is read by comparing those bytes and finding where each value ends, without an object
 * or a string made of it: a million votes take a third of what `JSON.parse` takes of the same lines. What is not
 * of a known shape, or holds an escape, is left to `JSON.parse`, so that nothing is read that it would refuse.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COLON = 0x3a;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isDigit = (byte: number) => byte >= ZERO && byte <= NINE;

export class RecordShape {
  /** In the order in which they stand; a nested one as "conv_metadata.sum_assistant_a_tokens". */
  readonly keys: readonly string[];
  /** Of the values of the record that matched last, its quotes included. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #literals: readonly Buffer[];
  /** The literals in words of four bytes, the last of which ends with its literal. */
  readonly #words: readonly Int32Array[];
  #bytes: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  private constructor(keys: readonly string[], literals: readonly Buffer[]) {
    assert(literals.length === keys.length + 1, "values stand between literals");
    this.keys = keys;
    this.starts = new Int32Array(keys.length);
    this.ends = new Int32Array(keys.length);
    this.#literals = literals;
    this.#words = literals.map(toWords);
  }

  /**
   * The shape of what `JSON.parse` has found to be an object; undefined where a value is an object in a list, a
   * key is written with an escape, or comes twice.
   */
  static of(bytes: Uint8Array, start: number, end: number): RecordShape | undefined {
    const keys: string[] = [];
    const literals: Buffer[] = [];
    let literalStart = start;
    const walk = (from: number, path: string): number => {
      let at = from + 1;
      for (;;) {
        at = skipBlanks(bytes, at, end);
        if (bytes[at] === CLOSE_OBJECT) return at + 1;
        if (bytes[at] === COMMA) at = skipBlanks(bytes, at + 1, end);
        const keyEnd = endOfString(bytes, at, end);
        if (keyEnd < 0) return -1;
        const key = path + Buffer.from(bytes.subarray(at + 1, keyEnd - 1)).toString("utf8");
        at = skipBlanks(bytes, keyEnd, end);
        if (bytes[at] !== COLON) return -1;
        at = skipBlanks(bytes, at + 1, end);
        if (bytes[at] === OPEN_OBJECT) {
          at = path.split(".").length > NESTED_MAX ? -1 : walk(at, `${key}.`);
          if (at < 0) return -1;
          continue;
        }
        const valueEnd = endOfValue(bytes, at, end);
        if (valueEnd < 0) return -1;
        keys.push(key);
        literals.push(Buffer.from(bytes.subarray(literalStart, at)));
        literalStart = valueEnd;
        at = valueEnd;
      }
    };
    if (bytes[start] !== OPEN_OBJECT || walk(start, "") !== end) return undefined;
    literals.push(Buffer.from(bytes.subarray(literalStart, end)));
    return new Set(keys).size === keys.length ? new RecordShape(keys, literals) : undefined;
  }

  /**
   * Reads the record that begins at `start`, `starts` and `ends` telling of its values.
   *
   * @returns its end, or -1 where it has another shape or ends beyond `limit`.
   */
  match(bytes: Uint8Array, start: number, limit: number): number {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const { starts, ends } = this;
    let at = start;
    for (let index = 0; index < starts.length; index++) {
      at = this.#afterLiteral(index, bytes, at, limit);
      if (at < 0) return -1;
      starts[index] = at;
      at = endOfValue(bytes, at, limit);
      if (at < 0) return -1;
      ends[index] = at;
    }
    return this.#afterLiteral(starts.length, bytes, at, limit);
  }

  /** Four bytes at once: keys are most of a line. */
  #afterLiteral(index: number, bytes: Uint8Array, start: number, limit: number): number {
    // The constructor has one literal more than there are values, and words of each.
    const literal = this.#literals[index] as Buffer;
    const words = this.#words[index] as Int32Array;
    const last = words.length - 1;
    const end = start + literal.length;
    if (last < 0) return afterLiteral(literal, bytes, start, limit);
    if (end > limit) return -1;
    const view = this.#view;
    for (let word = 0, at = start; word < last; word++, at += 4) {
      if (view.getInt32(at, true) !== words[word]) return -1;
    }
    return view.getInt32(end - 4, true) === words[last] ? end : -1;
  }
}

/** None of a literal that is shorter than one. */
function toWords(literal: Buffer): Int32Array {
  if (literal.length < 4) return new Int32Array(0);
  const count = Math.ceil(literal.length / 4);
  return Int32Array.from({ length: count }, (_, word) =>
    literal.readInt32LE(Math.min(4 * word, literal.length - 4)),
  );
}

/** Objects within objects: conv_metadata, and its counts by level. */
const NESTED_MAX = 3;

function afterLiteral(literal: Buffer, bytes: Uint8Array, start: number, limit: number): number {
  const end = start + literal.length;
  if (end > limit) return -1;
  for (let at = start, own = 0; at < end; at++, own++) {
    if (bytes[at] !== literal[own]) return -1;
  }
  return end;
}

function skipBlanks(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && isBlank(bytes[at] as number)) at += 1;
  return at;
}

/** Where a text, a number, a word or a list of those ends; -1 where there is none, or one that is not plain. */
export function endOfValue(bytes: Uint8Array, start: number, limit: number): number {
  if (start >= limit) return -1;
  const first = bytes[start] as number;
  if (first === QUOTE) return endOfString(bytes, start, limit);
  if (isDigit(first) || first === MINUS) return endOfNumber(bytes, start, limit);
  if (first === OPEN_LIST) return endOfList(bytes, start, limit);
  for (const word of WORDS) {
    if (first === word[0]) return afterLiteral(word, bytes, start, limit);
  }
  return -1;
}

const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));

function endOfString(bytes: Uint8Array, start: number, limit: number): number {
  if (bytes[start] !== QUOTE) return -1;
  for (let at = start + 1; at < limit; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH || byte < 0x20) return -1;
  }
  return -1;
}

/** As RFC 8259 writes numbers. */
function endOfNumber(bytes: Uint8Array, start: number, limit: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const first = at;
  while (at < limit && isDigit(bytes[at] as number)) at += 1;
  if (at === first || (bytes[first] === ZERO && at > first + 1)) return -1;
  if (at < limit && bytes[at] === POINT) {
    const fraction = at + 1;
    at = fraction;
    while (at < limit && isDigit(bytes[at] as number)) at += 1;
    if (at === fraction) return -1;
  }
  if (at < limit && ((bytes[at] as number) | 0x20) === 0x65) {
    at += 1;
    if (bytes[at] === MINUS || bytes[at] === 0x2b) at += 1;
    const exponent = at;
    while (at < limit && isDigit(bytes[at] as number)) at += 1;
    if (at === exponent) return -1;
  }
  return at;
}

/** Of texts, numbers and words; a list within it is not plain. */
function endOfList(bytes: Uint8Array, start: number, limit: number): number {
  let at = skipBlanks(bytes, start + 1, limit);
  if (bytes[at] === CLOSE_LIST) return at < limit ? at + 1 : -1;
  for (;;) {
    if (bytes[at] === OPEN_LIST) return -1;
    at = endOfValue(bytes, at, limit);
    if (at < 0) return -1;
    at = skipBlanks(bytes, at, limit);
    if (at >= limit) return -1;
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipBlanks(bytes, at + 1, limit);
  }
}

/**
 * The number at [start, end), which `endOfValue` has found to be one; NaN of anything else. Up to 15 digits and
 * their point are exact without a string: both halves of the division are integers that a double holds.
 */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  let mantissa = 0;
  let point = -1;
  let digits = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    const byte = bytes[at] as number;
    if (isDigit(byte)) {
      mantissa = 10 * mantissa + (byte - ZERO);
      digits += 1;
    } else if (byte === POINT && point < 0) point = at;
    else return numberOfText(bytes, start, end);
  }
  if (digits === 0 || digits > 15) return numberOfText(bytes, start, end);
  const value = point < 0 ? mantissa : mantissa / (POWERS[end - point - 1] as number);
  return isNegative ? -value : value;
}

const POWERS = Array.from({ length: 16 }, (_, power) => 10 ** power);

function numberOfText(bytes: Uint8Array, start: number, end: number): number {
  const text = Buffer.from(bytes.subarray(start, end)).toString("latin1");
  return /^[-\d]/.test(text) ? Number(text) : Number.NaN;
}
