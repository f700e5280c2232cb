import * as z from "zod";
import type { PairTable } from "@/lib/protocol/board-view";
import { countPairs, OUTCOMES } from "@/lib/rating/pair-counts";
import { POINTS } from "@/lib/rating/points";
import type { VoteColumns } from "@/lib/rating/vote-columns";
import { assert } from "@/lib/util/assert";

/**
 * The table of pairs of a board as it is stored. Two hundred models are twenty thousand pairs, and few boards' pairs
 * are ever looked at: what is kept are three counts of each, some 80 KB of text in place of 800, and everything else
 * is made of them and of the board's ratings for who reads it.
 */
export const packedPairsSchema = z.object({
  /** Rated models of the board, in its order. */
  models: z.number().int().nonnegative(),
  /** Base64 of numbers in LEB128: of each pair, the better model first, how often that won, tied and lost. */
  counts: z.string(),
});

export type PackedPairs = z.infer<typeof packedPairsSchema>;

/** Of one pair, as its first model sees it. */
export type PairCount = { won: number; tied: number; lost: number };

/** A number of 32 bits. */
const BYTES_A_NUMBER_MAX = 5;
const BYTES_A_PAIR_MAX = 3 * BYTES_A_NUMBER_MAX;

/** @param rated models of the votes, in the board's order. */
export function packPairs(votes: VoteColumns, rated: readonly string[]): PackedPairs {
  const { models, cells } = countPairs(votes);
  const order = models.length;
  const placeOf = new Map(Array.from(models, (model, place) => [votes.models[model], place]));
  const places = rated.map((model) => {
    const place = placeOf.get(model);
    assert(place !== undefined, "a rated model has votes");
    return place;
  });
  const cell = (from: number, outcome: number) => cells[from + outcome] as number;
  const writer = new NumberWriter(((rated.length * (rated.length - 1)) / 2) * BYTES_A_PAIR_MAX);
  for (const [row, one] of places.entries()) {
    for (let column = row + 1; column < places.length; column++) {
      const other = places[column] as number;
      // Lost, tied and won by who stood first, once for each of the two orders.
      const here = (one * order + other) * OUTCOMES;
      const there = (other * order + one) * OUTCOMES;
      writer.write(cell(here, 2) + cell(there, 0));
      writer.write(cell(here, 1) + cell(there, 1));
      writer.write(cell(here, 0) + cell(there, 2));
    }
  }
  return { models: rated.length, counts: writer.toBase64() };
}

/** @param ratings of the board's rated models, in its order. @returns undefined where the two do not belong together. */
export function unpackPairs(
  packed: PackedPairs,
  ratings: readonly number[],
): Omit<PairTable, "models"> | undefined {
  const counts = unpackCounts(packed);
  if (counts === undefined || packed.models !== ratings.length) return undefined;
  const size = ratings.length;
  const at = (row: number, column: number) => counts[row * size + column];
  const fill = <T>(of: (row: number, column: number) => T) =>
    ratings.map((_, row) => ratings.map((__, column) => of(row, column)));
  const shares = fill((row, column) => toShare(at(row, column)));
  return {
    votes: fill((row, column) => sumOf(at(row, column))),
    ties: fill((row, column) => at(row, column)?.tied ?? 0),
    wins: shares.map((row) => row.map(roundShare)),
    expected: fill((row, column) => toExpected(ratings[row], ratings[column])),
    averageWins: shares.map((row) => roundShare(meanOf(row))),
  };
}

/** One row of the table: what the model at `row` did against each other one, itself left empty. */
export function unpackPairRow(packed: PackedPairs, row: number): PairCount[] | undefined {
  const size = packed.models;
  return unpackCounts(packed)
    ?.slice(row * size, (row + 1) * size)
    .map((count) => count ?? { won: 0, tied: 0, lost: 0 });
}

/** Probability that one of these ratings wins against the other, as it is told. */
export function toExpected(rating = 0, other = 0): number {
  return round(1 / (1 + Math.exp((other - rating) / POINTS)));
}

/** Both halves, row-major; undefined of a model against itself. */
function unpackCounts({ models, counts }: PackedPairs): (PairCount | undefined)[] | undefined {
  const reader = new NumberReader(Buffer.from(counts, "base64"));
  const table = new Array<PairCount | undefined>(models * models).fill(undefined);
  for (let row = 0; row < models; row++) {
    for (let column = row + 1; column < models; column++) {
      const [won, tied, lost] = [reader.read(), reader.read(), reader.read()];
      if (won === undefined || tied === undefined || lost === undefined) return undefined;
      table[row * models + column] = { won, tied, lost };
      table[column * models + row] = { won: lost, tied, lost: won };
    }
  }
  return reader.isAtEnd ? table : undefined;
}

const sumOf = (count: PairCount | undefined) =>
  count === undefined ? 0 : count.won + count.tied + count.lost;

/** Of the decided votes. */
function toShare(count: PairCount | undefined): number | null {
  const decided = count === undefined ? 0 : count.won + count.lost;
  return count === undefined || decided === 0 ? null : count.won / decided;
}

function meanOf(shares: readonly (number | null)[]): number | null {
  const known = shares.filter((share) => share !== null);
  return known.length === 0 ? null : known.reduce((sum, it) => sum + it, 0) / known.length;
}

/** To a hundredth of a percent: pages show whole percents. */
const round = (value: number) => Math.round(value * 1e4) / 1e4;
const roundShare = (value: number | null) => (value === null ? null : round(value));

/** LEB128: seven bits a byte, the lowest first. */
class NumberWriter {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  write(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  toBase64(): string {
    return Buffer.from(this.#bytes.buffer, 0, this.#length).toString("base64");
  }
}

class NumberReader {
  readonly #bytes: Uint8Array;
  #place = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#place === this.#bytes.length;
  }

  /** Undefined behind the end, and of a number that is longer than any that is written. */
  read(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 7 * BYTES_A_NUMBER_MAX; shift += 7) {
      const byte = this.#bytes[this.#place++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  }
}
