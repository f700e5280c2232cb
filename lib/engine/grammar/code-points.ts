/**
 * Sets of characters as sorted, disjoint ranges of code points. Surrogates are in no set: they have
 * no UTF-8, and JSON writes them as escapes.
 */
export type CodePoints = readonly (readonly [from: number, to: number])[];

const LAST = 0x10ffff;
const SURROGATES_FROM = 0xd800;
const SURROGATES_TO = 0xdfff;

/** Sorted, joined, without surrogates. */
export function toCodePoints(ranges: CodePoints): CodePoints {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined.flatMap(([from, to]): [number, number][] => {
    if (to < SURROGATES_FROM || from > SURROGATES_TO) return [[from, to]];
    const below: [number, number][] = from < SURROGATES_FROM ? [[from, SURROGATES_FROM - 1]] : [];
    const above: [number, number][] = to > SURROGATES_TO ? [[SURROGATES_TO + 1, to]] : [];
    return [...below, ...above];
  });
}

export function charactersOf(text: string): CodePoints {
  return toCodePoints(Array.from(text, (it) => [codePointOf(it), codePointOf(it)] as const));
}

export function complementOf(set: CodePoints): CodePoints {
  const rest: [number, number][] = [];
  let from = 0;
  for (const [first, last] of toCodePoints(set)) {
    if (first > from) rest.push([from, first - 1]);
    from = last + 1;
  }
  if (from <= LAST) rest.push([from, LAST]);
  return toCodePoints(rest);
}

export function intersectionOf(a: CodePoints, b: CodePoints): CodePoints {
  return without(a, complementOf(b));
}

export function without(set: CodePoints, taken: CodePoints): CodePoints {
  const rest: [number, number][] = [];
  const cuts = toCodePoints(taken);
  for (const [first, last] of toCodePoints(set)) {
    let from = first;
    for (const [cutFrom, cutTo] of cuts) {
      if (cutTo < from) continue;
      if (cutFrom > last) break;
      if (cutFrom > from) rest.push([from, cutFrom - 1]);
      from = cutTo + 1;
    }
    if (from <= last) rest.push([from, last]);
  }
  return rest;
}

export function holdsAll(set: CodePoints, part: CodePoints): boolean {
  return without(part, set).length === 0;
}

export const ANY_CHARACTER: CodePoints = complementOf([]);

export function codePointOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** One range of bytes for each byte of the characters' UTF-8. */
export type ByteRanges = readonly (readonly [from: number, to: number])[];

/** Where UTF-8 gets a byte longer (RFC 3629, section 3). */
const LENGTH_ENDS = [0x7f, 0x7ff, 0xffff, LAST];

/**
 * The UTF-8 of a set: each entry is a sequence of byte ranges whose product is wholly in the set. A
 * range is cut where the encoding gets longer, and until its first and last characters differ only in
 * bytes that run through all of their values.
 */
export function toByteRanges(set: CodePoints): ByteRanges[] {
  const found: ByteRanges[] = [];
  for (const [from, to] of set) addRange(from, to, found);
  return found;
}

function addRange(from: number, to: number, found: ByteRanges[]): void {
  const lengthEnd = LENGTH_ENDS.find((end) => from <= end && to > end);
  if (lengthEnd !== undefined) {
    addRange(from, lengthEnd, found);
    addRange(lengthEnd + 1, to, found);
    return;
  }
  if (to > 0x7f) {
    for (const bits of [6, 12, 18]) {
      const tail = 2 ** bits - 1;
      if (from - (from % (tail + 1)) === to - (to % (tail + 1))) break;
      if (from % (tail + 1) !== 0) {
        const middle = from - (from % (tail + 1)) + tail;
        addRange(from, middle, found);
        addRange(middle + 1, to, found);
        return;
      }
      if (to % (tail + 1) !== tail) {
        const middle = to - (to % (tail + 1));
        addRange(from, middle - 1, found);
        addRange(middle, to, found);
        return;
      }
    }
  }
  const first = encode(from);
  const last = encode(to);
  found.push(first.map((byte, index) => [byte, last[index] ?? byte] as const));
}

function encode(codePoint: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(codePoint))];
}
