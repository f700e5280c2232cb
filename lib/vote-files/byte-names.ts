import { assert } from "@/lib/util/assert";

const FIRST_PLACES = 1_024;

/**
 * Numbers for names, looked up by their bytes, so that a name that was seen before costs no string: of a
 * million votes on 200 models two hundred strings are made. Open addressing over a table that is at most half
 * full; the bytes of all names lie behind each other.
 */
export class ByteNames {
  readonly names: string[] = [];
  /** By place: one more than the name's number, or 0. */
  #places = new Int32Array(FIRST_PLACES);
  /** By number. */
  #hashes = new Int32Array(FIRST_PLACES / 2);
  #ends = new Uint32Array(FIRST_PLACES / 2);
  #bytes = new Uint8Array(16 * FIRST_PLACES);

  /** The number of the name in UTF-8 at [start, end), a new one where it is new. */
  number(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const places = this.#places;
    const last = places.length - 1;
    for (let place = hash & last; ; place = (place + 1) & last) {
      const number = (places[place] as number) - 1;
      if (number < 0) return this.#add(bytes.subarray(start, end), hash, place);
      if (this.#hashes[number] === hash && this.#isAt(number, bytes, start, end)) return number;
    }
  }

  /** The same for a text. */
  numberOf(text: string): number {
    const bytes = Buffer.from(text);
    return this.number(bytes, 0, bytes.length);
  }

  #isAt(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = number === 0 ? 0 : (this.#ends[number - 1] as number);
    if ((this.#ends[number] as number) - from !== end - start) return false;
    const own = this.#bytes;
    for (let at = start, ownAt = from; at < end; at++, ownAt++) {
      if (bytes[at] !== own[ownAt]) return false;
    }
    return true;
  }

  #add(bytes: Uint8Array, hash: number, place: number): number {
    const number = this.names.length;
    const from = number === 0 ? 0 : (this.#ends[number - 1] as number);
    while (from + bytes.length > this.#bytes.length) this.#bytes = doubled(this.#bytes);
    if (number === this.#ends.length) {
      this.#ends = doubled(this.#ends);
      this.#hashes = doubled(this.#hashes);
    }
    this.#bytes.set(bytes, from);
    this.#ends[number] = from + bytes.length;
    this.#hashes[number] = hash;
    this.#places[place] = number + 1;
    this.names.push(Buffer.from(bytes).toString("utf8"));
    if (2 * this.names.length > this.#places.length) this.#spread();
    return number;
  }

  #spread(): void {
    const places = new Int32Array(2 * this.#places.length);
    const last = places.length - 1;
    for (let number = 0; number < this.names.length; number++) {
      let place = (this.#hashes[number] as number) & last;
      while (places[place] !== 0) place = (place + 1) & last;
      places[place] = number + 1;
    }
    this.#places = places;
  }
}

/** A multiplication for four bytes, then the finisher of MurmurHash3, since places are the lower bits. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0xcc9e2d51);
    hash = (hash << 15) | (hash >>> 17);
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

type Growable = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** The same values in twice the room. */
export function doubled<A extends Growable>(array: A): A {
  const Kind = array.constructor;
  assert(isKindOf<A>(Kind), "a typed array is made by its constructor");
  const twice = new Kind(2 * array.length);
  twice.set(array);
  return twice;
}

function isKindOf<A>(kind: unknown): kind is new (length: number) => A {
  return typeof kind === "function";
}
