/**
 * Goal: what an installation knew of its board before boards were rows of their own is the beginning of the board's
 * history, and what operators had said of models stands as it was. Method: the migrations until then, rows as that version wrote them, and the rest of the migrations.
 */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import * as z from "zod";
import { createId } from "@/lib/util/id";
import { connect, withDatabase } from "./connect";
import { migrateDatabase } from "./migrate";

const LAST_BEFORE = "0009_published_boards";
const NAME = `test_migration_${createId().replaceAll("-", "")}`;
/** Ids of one millisecond are in no order of their own; what is read below is in theirs. */
const [X, Y, Z] = [createId(), createId(), createId()].sort() as [string, string, string];

let folder: string;
let sql: ReturnType<typeof connect>;
let url: string;
beforeAll(async () => {
  const server = inject("databaseServerUrl");
  await onServer(server, `create database ${NAME}`);
  url = withDatabase(server, NAME);
  folder = copyMigrationsUntil(LAST_BEFORE);
  await migrateDatabase(url, folder);
  sql = connect(url, { connectionsMax: 1 });
});
afterAll(async () => {
  await sql.end({ timeout: 5 });
  await onServer(inject("databaseServerUrl"), `drop database ${NAME} with (force)`);
  rmSync(folder, { recursive: true, force: true });
});

async function onServer(server: string, statement: string): Promise<void> {
  const client = connect(server, { connectionsMax: 1 });
  await client.unsafe(statement);
  await client.end({ timeout: 5 });
}

const journalSchema = z.looseObject({ entries: z.array(z.looseObject({ tag: z.string() })) });

function copyMigrationsUntil(last: string): string {
  const whole = resolve("drizzle");
  const part = mkdtempSync(join(tmpdir(), "parley-migrations-"));
  const journal = journalSchema.parse(
    JSON.parse(readFileSync(join(whole, "meta/_journal.json"), "utf8")),
  );
  const entries = journal.entries.filter(({ tag }) => tag <= last);
  expect(entries.at(-1)?.tag).toBe(last);
  mkdirSync(join(part, "meta"));
  writeFileSync(join(part, "meta/_journal.json"), JSON.stringify({ ...journal, entries }));
  for (const { tag } of entries) cpSync(join(whole, `${tag}.sql`), join(part, `${tag}.sql`));
  return part;
}

type Entry = { model: string; rating: number | null; rank?: number; votes: number };

async function writeBoard(at: string, entries: readonly Entry[]): Promise<void> {
  const snapshot = createId();
  await sql`insert into rating_snapshots (id, method, vote_count, fingerprint, created_at)
    values (${snapshot}, 'bradley-terry', 10, 'f', ${at})`;
  for (const { model, rating, rank = 1, votes } of entries) {
    const isRated = rating !== null;
    const [lower, upper] = isRated ? [rating - 30, rating + 31.5] : [null, null];
    await sql`insert into rating_entries (snapshot_id, model_id, status, rating, lower, upper, rank, votes, wins, losses, ties)
      values (${snapshot}, ${model}, ${isRated ? "rated" : "too-few-votes"}, ${rating}, ${lower}, ${upper},
        ${isRated ? rank : null}, ${votes}, ${votes}, 0, 0)`;
  }
}

test("boards of before are the days of the overall board, each day's last one by UTC", async () => {
  for (const [id, name] of [
    [X, "x"],
    [Y, "y"],
    [Z, "z"],
  ] as const) {
    await sql`insert into models (id, name, description) values (${id}, ${name}, '{}')`;
  }
  await writeBoard("2026-01-01T08:00:00Z", [
    { model: X, rating: 1_010, votes: 4 },
    { model: Y, rating: 990, rank: 2, votes: 4 },
    { model: Z, rating: null, votes: 1 },
  ]);
  await writeBoard("2026-01-01T20:00:00Z", [
    { model: X, rating: 1_020.25, votes: 8 },
    { model: Y, rating: 979.75, rank: 2, votes: 8 },
    { model: Z, rating: null, votes: 2 },
  ]);
  // Half past midnight in Berlin is still the second of January by UTC.
  await writeBoard("2026-01-03T00:30:00+01:00", [
    { model: X, rating: 1_000, votes: 9 },
    { model: Z, rating: 1_000, votes: 9 },
  ]);
  await writeBoard("2026-01-03T00:00:00Z", [{ model: X, rating: 1_001, votes: 12 }]);

  await sql`insert into model_settings (model, defaults, price, limits, fallbacks) values
    ('x', '{}', null, '{}', '{y}'), ('y', '{"topK": 3}', '{"prompt": 1, "completion": 2}', '{}', '{}')`;

  await migrateDatabase(url);

  const said =
    await sql`select model, price, fallbacks, card, is_direct as "isDirect", is_api as "isApi"
    from model_settings order by model`;
  const open = { card: {}, isDirect: true, isApi: true };
  expect([...said]).toEqual([
    { model: "x", price: null, fallbacks: ["y"], ...open },
    { model: "y", price: { prompt: 1, completion: 2 }, fallbacks: [], ...open },
  ]);
  const days =
    await sql`select key, model_id as "modelId", day::text, rating, lower, upper, rank, votes
    from board_days order by day, rank, model_id`;
  const row = (day: string, modelId: string, rating: number, votes: number, rank = 1) => ({
    ...{ key: "overall@all", modelId, day, rating, lower: rating - 30, upper: rating + 31.5 },
    ...{ rank, votes },
  });
  expect([...days]).toEqual([
    row("2026-01-01", X, 1_020.25, 8),
    row("2026-01-01", Y, 979.75, 8, 2),
    ...[row("2026-01-02", X, 1_000, 9), row("2026-01-02", Z, 1_000, 9)],
    row("2026-01-03", X, 1_001, 12),
  ]);
  const gone =
    await sql`select to_regclass('rating_entries') as one, to_regclass('rating_snapshots') as other`;
  expect([...gone]).toEqual([{ one: null, other: null }]);
  // A second start finds nothing to do.
  await migrateDatabase(url);
  expect((await sql`select 1 from board_days`).length).toBe(5);
});
