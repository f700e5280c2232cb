/** Goal: what is written is Parquet, and every vote is in it. Method: another reader reads it back. */
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { expect, test } from "vitest";
import { PARQUET_GROUP_VOTES } from "@/lib/board-limits";
import { toParquet } from "./parquet-votes";
import { type PublicVote, toVoteLine } from "./vote-line";

const style = { tokens: 12, headers: 1, lists: 0, bold: 3 };
const vote: PublicVote = {
  ...{ modelA: "ü/x", modelB: "y", outcome: "both-bad", createdAt: 1_700_000_000, turn: 2 },
  ...{ language: "de", pairProbability: 0.125, categories: ["overall", "coding", "multi-turn"] },
  style: { a: style, b: { ...style, tokens: null } },
};
const bare: PublicVote = {
  ...{ ...vote, modelA: "z", outcome: "a", language: null, pairProbability: null, turn: 1 },
  ...{ categories: [], style: null },
};

async function read(votes: PublicVote[], batch: number) {
  async function* batches() {
    for (let from = 0; from < votes.length; from += batch) yield votes.slice(from, from + batch);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of toParquet(batches())) pieces.push(piece);
  const bytes = new Uint8Array(Buffer.concat(pieces));
  return { file: bytes.buffer, pieces: pieces.length };
}

/** As a line says it. */
function toLine(row: Record<string, unknown>) {
  const { tstamp, pair_probability, ...rest } = row;
  const counts = Object.entries(rest).filter(([name]) => /_count_|_tokens$/.test(name));
  const known = counts.filter(([, value]) => value !== null && value !== undefined);
  const others = Object.entries(rest).filter(([name]) => !/_count_|_tokens$/.test(name));
  return {
    ...{ ...Object.fromEntries(others), anony: true, tstamp: Number(tstamp) },
    ...(pair_probability !== null && pair_probability !== undefined && { pair_probability }),
    ...(known.length > 0 && { conv_metadata: Object.fromEntries(known) }),
  };
}

test("each vote is read back as its line says it, what is not known left out", async () => {
  const { file } = await read([vote, bare], 1);
  const rows = await parquetReadObjects({ file });
  expect(rows.map(toLine)).toEqual([vote, bare].map((it) => JSON.parse(toVoteLine(it))));
});

test("a group leaves when it is full", async () => {
  const votes = Array.from({ length: PARQUET_GROUP_VOTES * 2 + 5 }, (_, turn) => ({
    ...(turn % 3 === 0 ? bare : vote),
    turn: turn % 1_000,
  }));
  const { file, pieces } = await read(votes, 1_999);
  expect(pieces).toBe(3);
  const metadata = parquetMetadata(file);
  expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([
    ...[PARQUET_GROUP_VOTES, PARQUET_GROUP_VOTES, 5],
  ]);
  const rows = await parquetReadObjects({ file });
  expect(rows.map((row) => row.turn)).toEqual(votes.map(({ turn }) => turn));
});

test("no votes are a file without rows", async () => {
  const { file } = await read([], 1);
  expect(await parquetReadObjects({ file })).toEqual([]);
  expect(parquetSchema(parquetMetadata(file)).children).toHaveLength(16);
});
