import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { assert } from "@/lib/util/assert";
import type { Random } from "@/lib/util/random";
import expected from "./__fixtures__/twenty-models-expected.json";
import type { Outcome } from "./outcome";
import { OUTCOME_CODES, type StyleColumns, type VoteColumns } from "./vote-columns";

/** Votes for tests. */

export type Vote = readonly [modelA: string, modelB: string, outcome: Outcome, count?: number];

/** Columns of these votes, in their order; `models` first, then those named in votes as they come. */
export function toColumns(votes: readonly Vote[], models: readonly string[] = []): VoteColumns {
  const rows = votes.flatMap(([a, b, outcome, count = 1]) =>
    Array.from({ length: count }, () => ({ a, b, outcome })),
  );
  const names = [...new Set([...models, ...rows.flatMap(({ a, b }) => [a, b])])];
  const indexOf = new Map(names.map((name, index) => [name, index]));
  return {
    count: rows.length,
    models: names,
    modelA: Uint16Array.from(rows, ({ a }) => indexOf.get(a) ?? -1),
    modelB: Uint16Array.from(rows, ({ b }) => indexOf.get(b) ?? -1),
    outcome: Uint8Array.from(rows, ({ outcome }) => OUTCOME_CODES.indexOf(outcome)),
  };
}

/** Style drawn at random, the same for no two features. */
export function withRandomStyle(
  votes: VoteColumns,
  random: Random,
): VoteColumns & { style: StyleColumns } {
  const side = (most: number) =>
    new Float32Array(votes.count).map(() => Math.floor(most * random()));
  const sides = (most: number) => ({ a: side(most), b: side(most) });
  const style = { tokens: sides(900), headers: sides(3), lists: sides(9), bold: sides(6) };
  return { ...votes, style };
}

/** 20,000 synthetic battles of twenty models, in the order in which they were voted on. */
export function readReferenceVotes(): VoteColumns & { style: StyleColumns } {
  const bytes = gunzipSync(
    readFileSync(`${import.meta.dirname}/__fixtures__/twenty-models-votes.gz`),
  );
  // Columns one after the other: three of bytes, then eight of 16 bits.
  const count = bytes.length / (3 + 8 * 2);
  assert(Number.isInteger(count), "the columns are equally long");
  const column = (index: number) => bytes.subarray(index * count, (index + 1) * count);
  const side = (index: number) =>
    Float32Array.from({ length: count }, (_, row) =>
      bytes.readUInt16LE(count * (3 + 2 * index) + 2 * row),
    );
  const sides = (feature: number) => ({ a: side(2 * feature), b: side(2 * feature + 1) });
  return {
    ...{ count, models: expected.models },
    ...{ modelA: Uint16Array.from(column(0)), modelB: Uint16Array.from(column(1)) },
    outcome: Uint8Array.from(column(2)),
    style: { tokens: sides(0), headers: sides(1), lists: sides(2), bold: sides(3) },
  };
}
