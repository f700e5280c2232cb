/** Goal: the board follows the votes. Method: raw battles and votes, real database, several processes' worth of instances. */

import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { changeRules } from "@/lib/rules/rules";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import { Leaderboard } from "./leaderboard";
import { readSnapshot } from "./read-snapshot";

let database: TestDatabase;
const models = new Map<string, string>();
const voter = createId();
beforeEach(async () => {
  database = await createTestDatabase();
  models.clear();
  for (const name of ["x", "y", "z"]) {
    models.set(name, createId());
    await run(
      sql`insert into models (id, name, description) values (${models.get(name)}, ${name}, '{"licence": "MIT"}')`,
    );
  }
});
afterEach(() => database.drop());

const run = (statement: ReturnType<typeof sql>) => database.db.execute(statement);

async function vote(a: string, b: string, outcome: string, counted = true) {
  await run(sql`insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, uncounted_reason)
    values (${createId()}, ${voter}, ${models.get(a)}, ${models.get(b)}, ${outcome}, 0.5, 1, ${counted}, ${counted ? null : "too-early"})`);
}

const board = (awake: string[] = []) => readSnapshot({ awake }, database.db);
const entry = async (model: string) => (await board()).entries.find((it) => it.model === model);

async function countSnapshots(): Promise<number> {
  const [row] = await run(sql`select count(*)::int as count from rating_snapshots`);
  return Number(row?.count);
}

/** Resolves when the board holds `count` votes. */
async function boardOf(count: number) {
  for (;;) {
    const view = await board();
    if (view.voteCount === count) return view;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("nothing was voted on: an empty board, and the models awake say so", async () => {
  expect(await board()).toEqual({ computedAt: null, voteCount: 0, entries: [] });
  expect((await board(["y"])).entries).toEqual([
    expect.objectContaining({ model: "y", licence: "MIT", status: "too-few-votes", votes: 0 }),
  ]);
  await new Leaderboard({ db: database.db }).recompute();
  expect(await board()).toMatchObject({ voteCount: 0, entries: [] });
});

test("a vote moves the board; uncounted ones do not", async () => {
  const leaderboard = new Leaderboard({ db: database.db });
  for (const outcome of ["a", "a", "b"]) await vote("x", "y", outcome);
  await leaderboard.recompute();
  const before = await entry("x");
  expect(before).toMatchObject({ status: "rated", votes: 3, wins: 2, losses: 1, rank: 1 });
  await vote("y", "x", "b");
  await vote("x", "y", "b", false);
  await vote("z", "x", "both-bad");
  await leaderboard.recompute();
  const after = await entry("x");
  expect(after).toMatchObject({ votes: 5, wins: 3, losses: 1, ties: 1 });
  expect(after!.rating!).toBeGreaterThan(before!.rating!);
  expect(await entry("z")).toMatchObject({ status: "too-few-votes", rating: null, ties: 1 });
  expect((await board(["z", "x"])).entries.map((it) => it.model)).toEqual(["x", "y", "z"]);
});

test("a model that only battles draw is not on the board, and its votes count for the others", async () => {
  const leaderboard = new Leaderboard({ db: database.db });
  for (const model of ["x", "z"])
    for (const outcome of ["a", "a", "b"]) await vote(model, "y", outcome);
  await leaderboard.recompute();
  const before = await entry("y");
  expect(await entry("z")).toMatchObject({ votes: 3 });
  const rule = { model: "z", isAnonymousOnly: true };
  await changeRules(database.db, arenaSettingsSchema.parse({ sampling: { models: [rule] } }));
  await leaderboard.recompute();
  expect(await entry("z")).toBeUndefined();
  expect(await entry("y")).toMatchObject({ votes: 6, rating: before?.rating });
  await changeRules(database.db, arenaSettingsSchema.parse({}));
  await leaderboard.recompute();
  expect(await entry("z")).toMatchObject({ votes: 3 });
});

test("votes are noticed without asking twice, also those from before the start", async () => {
  await vote("x", "y", "a");
  const leaderboard = new Leaderboard({ db: database.db });
  const stop = leaderboard.start();
  await boardOf(1);
  await vote("x", "y", "tie");
  leaderboard.notifyVote();
  await vote("x", "y", "b");
  leaderboard.notifyVote();
  await boardOf(3);
  await stop();
  await vote("x", "y", "b");
  leaderboard.notifyVote();
  expect((await board()).voteCount).toBe(3);
});

test("who waits for a vote reads a board that holds it, unless that takes too long", async () => {
  const leaderboard = new Leaderboard({ db: database.db });
  await vote("x", "y", "a");
  await leaderboard.settleVote();
  expect((await board()).voteCount).toBe(1);
  // The next computation is a second away by RATING_INTERVAL_MS_MIN; whoever waits is let go before.
  await vote("x", "y", "a");
  await leaderboard.settleVote();
  await boardOf(2);
  await leaderboard.stop();
});

test("many processes at once make one board, and a day keeps its last", async () => {
  await vote("x", "y", "tie");
  const boards = Array.from({ length: 5 }, () => new Leaderboard({ db: database.db }));
  await Promise.all(boards.map((it) => it.recompute()));
  expect(await countSnapshots()).toBe(1);
  await run(sql`update rating_snapshots set created_at = now() - interval '2 days'`);
  for (const outcome of ["a", "b", "tie"]) {
    await vote("x", "y", outcome);
    await boards[0]!.recompute();
  }
  expect(await countSnapshots()).toBe(2);
  const { voteCount, computedAt } = await board();
  expect(voteCount).toBe(4);
  expect(Date.now() - Date.parse(computedAt!)).toBeLessThan(60_000);
});

test("a database that is away is tried again", async () => {
  log.level = "silent";
  await vote("x", "y", "tie");
  const leaderboard = new Leaderboard({ db: database.db });
  await run(sql`alter table rating_snapshots rename to away`);
  const stop = leaderboard.start();
  await expect(leaderboard.recompute()).rejects.toThrow();
  await run(sql`alter table away rename to rating_snapshots`);
  await boardOf(1);
  await stop();
});
