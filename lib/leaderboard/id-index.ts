import { assert } from "@/lib/util/assert";

/** Words of 32 bits that an id (128 bits) has. */
export const ID_WORDS = 4;

/** @param id a UUID as text @returns its four words */
export function toIdWords(id: string): [number, number, number, number] {
  assert(id.length === 36, "an id is a UUID");
  const hex = id.replaceAll("-", "");
  const word = (place: number) => Number.parseInt(hex.slice(place * 8, place * 8 + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

/**
 * Which row of a table an id has, the ids being a column of that table. A million of them take 8 MB here,
 * where a Map of strings takes 150. Open addressing with linear probing; slots hold the row and one.
 */
export class IdIndex {
  #slots = new Uint32Array(1_024);
  #count = 0;
  /** The table's column, which moves when that grows. */
  #ids: Uint32Array;

  constructor(ids: Uint32Array) {
    this.#ids = ids;
  }

  moveTo(ids: Uint32Array): void {
    this.#ids = ids;
  }

  find(words: readonly [number, number, number, number]): number | undefined {
    const slot = this.#slots[this.#seek(words)];
    return slot ? slot - 1 : undefined;
  }

  /** Of an id that has no row yet, and whose words are in the column. */
  add(row: number): void {
    if ((this.#count + 1) * 2 > this.#slots.length) this.#grow();
    this.#slots[this.#seek(this.#wordsOf(row))] = row + 1;
    this.#count += 1;
  }

  /** The id of row `from`, which stands in the column at both places by now, is at `to` from here on. */
  move(from: number, to: number): void {
    const at = this.#seek(this.#wordsOf(from));
    assert(this.#slots[at] === from + 1, "a row that moves has a slot");
    this.#slots[at] = to + 1;
  }

  remove(words: readonly [number, number, number, number]): void {
    const mask = this.#slots.length - 1;
    let hole = this.#seek(words);
    if (this.#slots[hole] === 0) return;
    this.#slots[hole] = 0;
    this.#count -= 1;
    // Those behind the hole that a search from their own place would no longer reach move into it.
    for (let at = (hole + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const entry = this.#slots[at] ?? 0;
      const home = hashOf(this.#wordsOf(entry - 1)) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#slots[hole] = entry;
      this.#slots[at] = 0;
      hole = at;
    }
  }

  /** Where the id is, or where it would go. */
  #seek(words: readonly [number, number, number, number]): number {
    const mask = this.#slots.length - 1;
    let at = hashOf(words) & mask;
    for (;;) {
      const entry = this.#slots[at];
      if (!entry) return at;
      const start = (entry - 1) * ID_WORDS;
      const isSame =
        this.#ids[start] === words[0] &&
        this.#ids[start + 1] === words[1] &&
        this.#ids[start + 2] === words[2] &&
        this.#ids[start + 3] === words[3];
      if (isSame) return at;
      at = (at + 1) & mask;
    }
  }

  #wordsOf(row: number): [number, number, number, number] {
    const start = row * ID_WORDS;
    const [a = 0, b = 0, c = 0, d = 0] = this.#ids.subarray(start, start + ID_WORDS);
    return [a, b, c, d];
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (const entry of before) {
      if (entry !== 0) this.#slots[this.#seek(this.#wordsOf(entry - 1))] = entry;
    }
  }
}

/** The first words are a moment, the last ones are drawn: both are mixed, for ids of one millisecond and of tests. */
export function hashOf([a, b, c, d]: readonly [number, number, number, number]): number {
  return mix(mix(mix(mix(0x9e3779b9, a), b), c), d);
}

/** A step of MurmurHash3 (Appleby, public domain) with its final mixing. */
export function mix(seed: number, word: number): number {
  let hash = seed ^ Math.imul(word ^ (word >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
