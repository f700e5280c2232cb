import { assert } from "@/lib/util/assert";
import { expAtMostOne } from "./exp-at-most-one";
import { isBefore, sortByRank } from "./rank-order";
import { ScratchArray } from "./scratch-array";

/** A place in the order of rank: a token, and the mass of all tokens down to and including it. */
export type RankCut = { readonly id: number; readonly mass: number };

/** Bins of the first sieve, over exponents from 0 down to -EXPONENT_SPAN; the last one takes what is below. */
const BIN_COUNT = 1_024;
const EXPONENT_SPAN = 32;
const BINS_PER_UNIT = BIN_COUNT / EXPONENT_SPAN;
/** The mark of a token that may not be drawn. */
const NO_BIN = 0xffff;
/** Bins of each further sieve. */
const FINE_BIN_COUNT = 256;
/** So few are sorted. */
const SORTED_LENGTH_MAX = 128;

const binMassScratch = new ScratchArray((length) => new Float64Array(length));
const binCountScratch = new ScratchArray((length) => new Float64Array(length));
const binScratch = new ScratchArray((length) => new Uint16Array(length));
const weightScratch = new ScratchArray((length) => new Float64Array(length));
const memberScratch = new ScratchArray((length) => new Int32Array(length));
const logitScratch = new ScratchArray((length) => new Float64Array(length));

/**
 * A whole row in order of rank, without sorting it: a histogram by logit tells in which bin a place
 * lies, and only that bin's tokens are looked at, in finer bins until few are left to sort. Sorting
 * 151,936 numbers takes 42 to 133 ms; this takes two passes, and a third for each place.
 * Valid until the next one is made: the memory is shared.
 */
export class RankedRow {
  /** Of all tokens that may be drawn, relative to the highest. */
  readonly mass: number;
  readonly #logits: Float64Array;
  readonly #size: number;
  readonly #weights: Float64Array;
  readonly #bins: Uint16Array;
  readonly #binMasses = binMassScratch.take(BIN_COUNT).fill(0);
  readonly #binCounts = binCountScratch.take(BIN_COUNT).fill(0);

  /** @param row `exponentMin` drops tokens whose `(logit − highest) / temperature` is lower. */
  constructor(row: {
    logits: Float64Array;
    size: number;
    highest: number;
    temperature: number;
    exponentMin: number;
  }) {
    const { logits, size, highest, temperature, exponentMin } = row;
    const weights = weightScratch.take(size);
    const bins = binScratch.take(size);
    const masses = this.#binMasses;
    const counts = this.#binCounts;
    for (let id = 0; id < size; id++) {
      const exponent = ((logits[id] as number) - highest) / temperature; // Within bounds.
      const weight = exponent < exponentMin ? 0 : expAtMostOne(exponent);
      weights[id] = weight;
      if (weight === 0) {
        bins[id] = NO_BIN;
        continue;
      }
      // A weight above 0 has an exponent above -709, so the product fits 32 bits.
      const bin = Math.min(BIN_COUNT - 1, (-exponent * BINS_PER_UNIT) | 0);
      bins[id] = bin;
      masses[bin] = (masses[bin] as number) + weight;
      counts[bin] = (counts[bin] as number) + 1;
    }
    let total = 0;
    for (let bin = 0; bin < BIN_COUNT; bin++) total += masses[bin] as number;
    this.mass = total;
    this.#logits = logits;
    this.#size = size;
    this.#weights = weights;
    this.#bins = bins;
  }

  /** The place of the `count`-th token, or of the last one. */
  cutAtCount(count: number): RankCut {
    return this.#cut({ of: this.#binCounts, target: count, isCount: true });
  }

  /** The first place at which the mass reaches `mass`, or the last one. */
  cutAtMass(mass: number): RankCut {
    return this.#cut({ of: this.#binMasses, target: mass, isCount: false });
  }

  /** Whether the first token ranks before the second. */
  isBefore(idA: number, idB: number): boolean {
    // Both are tokens of the row.
    return isBefore(this.#logits[idA] as number, idA, this.#logits[idB] as number, idB);
  }

  #cut(search: { of: Float64Array; target: number; isCount: boolean }): RankCut {
    const { of, target, isCount } = search;
    let reached = 0;
    let mass = 0;
    let found = -1;
    for (let bin = 0; bin < BIN_COUNT; bin++) {
      if (this.#binCounts[bin] === 0) continue;
      // Undone when a later bin is needed; what stands before the found one is kept in the loop's end.
      if (found >= 0) {
        reached += of[found] as number;
        mass += this.#binMasses[found] as number;
      }
      found = bin;
      if (reached + (of[bin] as number) >= target) break;
    }
    assert(found >= 0, "the highest token has a bin");
    const length = this.#collect(found);
    return this.#refine({ length, reached, mass, target, isCount });
  }

  /** Puts the tokens of a bin into the scratch array, in order of id. */
  #collect(bin: number): number {
    const members = memberScratch.take(this.#size);
    const bins = this.#bins;
    let length = 0;
    for (let id = 0; id < this.#size; id++) {
      if (bins[id] === bin) members[length++] = id;
    }
    return length;
  }

  /** The place within the first `length` members. Those that are left are always in order of id. */
  #refine(search: {
    length: number;
    reached: number;
    mass: number;
    target: number;
    isCount: boolean;
  }): RankCut {
    const { target, isCount } = search;
    const members = memberScratch.take(this.#size);
    const logits = this.#logits;
    let { length, reached, mass } = search;
    for (;;) {
      let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let index = 0; index < length; index++) {
        const logit = logits[members[index] as number] as number; // Members are ids of the row.
        if (logit < low) low = logit;
        if (logit > high) high = logit;
      }
      // Equal logits stand in order already.
      if (low === high) break;
      if (length <= SORTED_LENGTH_MAX) {
        const keys = logitScratch.take(SORTED_LENGTH_MAX);
        for (let i = 0; i < length; i++) keys[i] = logits[members[i] as number] as number;
        sortByRank(members, keys, length);
        break;
      }
      const sieve = this.#sieve({ members, length, low, high, reached, target, isCount });
      ({ length, reached } = sieve);
      mass += sieve.mass;
    }
    for (let index = 0; index < length; index++) {
      const weight = this.#weights[members[index] as number] as number;
      mass += weight;
      reached += isCount ? 1 : weight;
      if (reached >= target) return { id: members[index] as number, mass };
    }
    return { id: members[length - 1] as number, mass };
  }

  /**
   * Keeps of the members those of the fine bin in which the target lies. The highest and the lowest
   * fall into different bins, so each sieve leaves fewer.
   */
  #sieve(search: {
    members: Int32Array;
    length: number;
    low: number;
    high: number;
    reached: number;
    target: number;
    isCount: boolean;
  }): { length: number; reached: number; mass: number } {
    const { members, low, high, target, isCount } = search;
    const masses = new Float64Array(FINE_BIN_COUNT);
    const counts = new Float64Array(FINE_BIN_COUNT);
    const binOf = (id: number) =>
      Math.floor(((high - (this.#logits[id] as number)) / (high - low)) * (FINE_BIN_COUNT - 1));
    for (let index = 0; index < search.length; index++) {
      const id = members[index] as number;
      const bin = binOf(id);
      masses[bin] = (masses[bin] as number) + (this.#weights[id] as number);
      counts[bin] = (counts[bin] as number) + 1;
    }
    const of = isCount ? counts : masses;
    let { reached } = search;
    let mass = 0;
    let found = 0;
    // The lowest has the last bin, so that one always has a member.
    while (found < FINE_BIN_COUNT - 1 && reached + (of[found] as number) < target) {
      reached += of[found] as number;
      mass += masses[found] as number;
      found++;
    }
    let length = 0;
    for (let index = 0; index < search.length; index++) {
      const id = members[index] as number;
      if (binOf(id) === found) members[length++] = id;
    }
    return { length, reached, mass };
  }
}
