/** Goal: what is kept of a board's pairs gives the whole table again. Method: drawn votes, held against the table made of the votes themselves. */

import { expect, test } from "vitest";
import { toPairTable } from "@/lib/rating/pair-table";
import { rate } from "@/lib/rating/rate";
import { RATING_DEFAULTS } from "@/lib/rating/rating-options";
import { seededRandom } from "@/lib/util/random";
import { fitBoard } from "./fit-board";
import { packPairs, unpackPairRow, unpackPairs } from "./packed-pairs";

/** Pairs of few votes and of some hundred, so that counts of one byte and of two stand side by side. */
function drawVotes(seed: number, count: number, models: number) {
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const votes = {
    ...{ count, models: Array.from({ length: models }, (_, index) => `m${index}`) },
    ...{ modelA: new Uint16Array(count), modelB: new Uint16Array(count) },
    outcome: new Uint8Array(count),
  };
  for (let vote = 0; vote < count; vote++) {
    const a = random() < 0.6 ? below(2) : below(models);
    votes.modelA[vote] = a;
    votes.modelB[vote] = a === 0 ? 1 : a === 1 ? 0 : (a + 1 + below(models - 1)) % models;
    votes.outcome[vote] = below(4);
  }
  return votes;
}

test.each([1, 2, 3])("the table of pairs comes out as it is, seed %i", (seed) => {
  const votes = drawVotes(seed, 900, 3 + seed * 4);
  const options = { ...RATING_DEFAULTS, votesMin: 2 };
  const { board, pairs } = fitBoard({ votes, options });
  const whole = toPairTable(votes, rate(votes, options));
  const ratings = board.entries.flatMap(({ rating }) => (rating === null ? [] : [rating]));
  const table = unpackPairs(JSON.parse(JSON.stringify(pairs)), ratings);
  const to4 = (value: number | null) => (value === null ? null : Math.round(value * 1e4) / 1e4);
  expect(whole.models.length, `seed ${seed}`).toBeGreaterThan(2);
  expect(Math.max(...whole.votes.flat())).toBeGreaterThan(0x7f);
  expect(table).toEqual({
    ...{ votes: whole.votes, ties: whole.ties, averageWins: whole.averageWins.map(to4) },
    wins: whole.wins.map((row) => row.map(to4)),
    expected: whole.expected.map((row) => row.map(to4)),
  });
  // One row of it, as a model's page reads it.
  const row = unpackPairRow(pairs, 1);
  expect(row?.map(({ won, tied, lost }) => won + tied + lost)).toEqual(whole.votes[1]);
  expect(row?.map(({ tied }) => tied)).toEqual(whole.ties[1]);
});

test("counts of any size, and a board of nobody", () => {
  const rows = 20_000;
  const votes = {
    ...{ count: rows, models: ["x", "y"], modelA: new Uint16Array(rows) },
    ...{ modelB: new Uint16Array(rows).fill(1), outcome: new Uint8Array(rows) },
  };
  expect(unpackPairRow(packPairs(votes, ["y", "x"]), 0)).toEqual([
    { won: 0, tied: 0, lost: 0 },
    { won: 0, tied: 0, lost: rows },
  ]);
  const none = { votes: [], ties: [], wins: [], expected: [], averageWins: [] };
  expect(unpackPairs(packPairs(votes, []), [])).toEqual(none);
});

test("what is of another board, cut short or too long is no table", () => {
  const packed = packPairs(drawVotes(1, 300, 4), ["m0", "m1", "m2"]);
  const bytes = Buffer.from(packed.counts, "base64");
  const cut = { ...packed, counts: bytes.subarray(0, -1).toString("base64") };
  const long = { ...packed, counts: Buffer.concat([bytes, bytes]).toString("base64") };
  expect(unpackPairs(packed, [1, 2, 3])).toBeDefined();
  expect([cut, long].map((it) => unpackPairs(it, [1, 2, 3]))).toEqual([undefined, undefined]);
  expect(unpackPairs(packed, [1, 2])).toBeUndefined();
});
