/** Goal: boards follow the votes. Method: raw ballots, real database, several processes' worth of instances. */

import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChangeFeed } from "@/lib/db/change-feed";
import { openDatabase } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { Jobs } from "@/lib/jobs/jobs";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { boardKeyText, OVERALL, parseBoardKey } from "@/lib/protocol/board-key";
import { changeRules } from "@/lib/rules/rules";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import { BoardEngine } from "./board-engine";
import { followRequestedBoard, REQUEST_JOB, requestBoard } from "./board-requests";
import { CurrentRatings } from "./current-ratings";
import { Leaderboard } from "./leaderboard";
import { readBoardView } from "./read-board-view";
import { readChoices } from "./read-choices";
import { readHistory } from "./read-history";
import { readOpponents } from "./read-opponents";
import { readOverview } from "./read-overview";
import { readPairs } from "./read-pairs";

let database: TestDatabase;
let feed: ChangeFeed;
const queues: Jobs[] = [];
const models = new Map<string, string>();
beforeEach(async () => {
  log.level = "silent";
  database = await createTestDatabase();
  feed = new ChangeFeed(database.url);
  models.clear();
  for (const name of ["x", "y", "z"]) {
    models.set(name, createId());
    await run(
      sql`insert into models (id, name, description) values (${models.get(name)}, ${name}, '{"licence": "MIT"}')`,
    );
  }
});
afterEach(async () => {
  await Promise.all(queues.splice(0).map((it) => it.stop()));
  await feed.close();
  await database.drop();
});

const run = (statement: ReturnType<typeof sql>) => database.db.execute(statement);
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 8_000, interval: 5 });

type Vote = { a: string; b: string; outcome: string };
async function vote(
  { a, b, outcome }: Vote,
  { counted = true, language = "en", days = 0, facts = {} } = {},
) {
  await run(sql`insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, uncounted_reason, language, facts, created_at)
    values (${createId()}, ${createId()}, ${models.get(a)}, ${models.get(b)}, ${outcome}, 0.5, 1, ${counted},
      ${counted ? null : "too-early"}, ${language}, ${JSON.stringify(facts)}::jsonb, now() - make_interval(days => ${days}))`);
}
async function votes(outcomes: Record<string, string[]>, options?: Parameters<typeof vote>[1]) {
  for (const [pair, list] of Object.entries(outcomes)) {
    const [a = "", b = ""] = pair;
    for (const outcome of list) await vote({ a, b, outcome }, options);
  }
}

const keyOf = (text: string) => {
  const key = parseBoardKey(text);
  if (key === undefined) throw new Error(text);
  return key;
};
const board = (key = "overall@all", awake: string[] = []) =>
  readBoardView(keyOf(key), { awake }, database.db);
const row = async (model: string) => (await board()).rows.find((it) => it.model === model);
const engine = () => new BoardEngine(database.db);

/** A process: its jobs run, its computations are its own. */
function open(): Leaderboard {
  const jobs = new Jobs({ db: database.db, feed });
  queues.push(jobs);
  const leaderboard = new Leaderboard({ db: database.db, feed, jobs });
  leaderboard.start();
  jobs.start();
  return leaderboard;
}

test("nothing was voted on: an empty board, and the models awake say so", async () => {
  expect(await board()).toMatchObject({ computedAt: null, voteCount: 0, rows: [], progress: null });
  await new Leaderboard({ db: database.db }).recompute();
  const view = await board("overall@all", ["y"]);
  expect(view.computedAt).not.toBeNull();
  expect(view.rows).toMatchObject([
    { model: "y", licence: "MIT", hasOpenWeights: true, status: "too-few-votes", votes: 0 },
  ]);
  expect(await readPairs(OVERALL, database.db)).toMatchObject({ models: [], votes: [] });
  expect(await readHistory(OVERALL, undefined, database.db)).toMatchObject({
    days: [],
    models: [],
  });
  expect((await readOverview(OVERALL, { awake: [] }, database.db)).rows).toEqual([]);
});

test("a vote moves the board; uncounted ones do not; votes excluded afterwards leave it", async () => {
  const { compute } = toComputer();
  await votes({ xy: ["a", "a", "b"] });
  await compute("overall@all");
  const before = await row("x");
  expect(before).toMatchObject({ status: "rated", votes: 3, wins: 2, losses: 1, rank: 1 });
  expect(before).toMatchObject({ isPreliminary: true, rankBest: 1, rankWorst: 2 });
  await vote({ a: "y", b: "x", outcome: "b" });
  await vote({ a: "x", b: "y", outcome: "b" }, { counted: false });
  await vote({ a: "z", b: "x", outcome: "both-bad" });
  await compute("overall@all");
  const after = await row("x");
  expect(after).toMatchObject({ votes: 5, wins: 3, losses: 1, ties: 1 });
  expect(after!.rating!).toBeGreaterThan(before!.rating!);
  expect(await row("z")).toMatchObject({ status: "too-few-votes", rating: null, ties: 1 });
  await run(
    sql`update ballots set counted = false, uncounted_reason = 'excluded-visitor' where outcome = 'both-bad'`,
  );
  expect(await compute("overall@all")).toEqual({ isChanged: true, voteCount: 4 });
  expect(await row("z")).toBeUndefined();
  // Nothing changed: what is stored stays as it is.
  const { fingerprint, computedAt } = await board();
  expect(await compute("overall@all")).toEqual({ isChanged: false, voteCount: 4 });
  expect(await board()).toMatchObject({ fingerprint, computedAt });
  // Another process, which reads everything anew, comes to the same.
  expect(await engine().compute("overall@all")).toEqual({ isChanged: false, voteCount: 4 });
});

/** One that follows the ballots from its first reading on. */
function toComputer() {
  const one = engine();
  return { compute: (key: string) => one.compute(key), listKeys: () => one.listKeys() };
}

test("a model that only battles draw is on no board, and neither are the votes on it", async () => {
  const { compute, listKeys } = toComputer();
  await changeRules(database.db, arenaSettingsSchema.parse({ ratings: { languageVotesMin: 3 } }));
  await votes({ xy: ["a", "a", "b"] });
  await compute("overall@all");
  const alone = await board();
  await votes({ zy: ["a", "a", "b"] }, { language: "is" });
  await compute("overall@all");
  expect(await row("z")).toMatchObject({ votes: 3 });
  expect(await listKeys()).toContain("overall+is@all");
  const rule = { model: "z", isAnonymousOnly: true };
  await changeRules(
    database.db,
    arenaSettingsSchema.parse({ sampling: { models: [rule] }, ratings: { languageVotesMin: 3 } }),
  );
  // At once by what is read, and for good by what is stored.
  expect(await row("z")).toBeUndefined();
  await compute("overall@all");
  expect((await readPairs(OVERALL, database.db)).models).not.toContain("z");
  // The same board as if nobody had ever voted on it, also after one more vote: nothing moves.
  const told = async () => (({ computedAt: _, fingerprint: __, ...it }) => it)(await board());
  const { computedAt: _, fingerprint: __, ...before } = alone;
  expect(await told()).toEqual(before);
  await votes({ xz: ["b"] }, { language: "is" });
  expect(await compute("overall@all")).toEqual({ isChanged: false, voteCount: 3 });
  expect(await listKeys()).not.toContain("overall+is@all");
  await changeRules(database.db, arenaSettingsSchema.parse({}));
  await compute("overall@all");
  expect(await row("z")).toMatchObject({ votes: 4 });
});

test("categories, languages, periods and style each have their own votes", async () => {
  const { compute, listKeys } = toComputer();
  await changeRules(database.db, arenaSettingsSchema.parse({ ratings: { languageVotesMin: 3 } }));
  const side = { tokens: 100, characters: 400, headers: 0, lists: 1, bold: 2, codeBlocks: 0 };
  const prompt = { characters: 20, hasCode: true, hasMath: false };
  const facts = { version: 1, a: side, b: { ...side, tokens: 10 }, prompt };
  await votes({ xy: ["a", "b", "tie", "a"] }, { language: "de", facts });
  await votes({ yz: ["a", "b", "b"] }, { language: "en", days: 60 });
  await votes({ xz: ["b"] }, { language: "fr", days: 120 });
  const keys = await listKeys();
  expect(keys.slice(0, 3)).toEqual(["overall@all", "overall+style@all", "overall@90d"]);
  expect(keys).toHaveLength((9 + 2) * 2 * 3);
  for (const key of keys) await compute(key);
  const counts = async (...of: string[]) =>
    Promise.all(of.map(async (key) => (await board(key)).voteCount));
  expect(await counts("overall@all", "overall@90d", "overall@30d")).toEqual([8, 7, 4]);
  expect(await counts("overall+de@all", "overall+en@30d", "coding@all")).toEqual([4, 0, 4]);
  expect((await board("overall+style@30d")).coefficients.length).toBeGreaterThan(0);
  const choices = await readChoices(database.db);
  expect(choices.languages).toEqual([
    { language: "de", votes: 4 },
    { language: "en", votes: 3 },
  ]);
  expect(choices.categories).toContainEqual({ category: "coding", votes: 4 });
  const overview = await readOverview(OVERALL, { awake: [] }, database.db);
  expect(overview.columns.map((it) => it.label)).toEqual(["overall", "coding", "de", "en"]);
  expect(overview.rows.find((it) => it.model === "z")?.cells.map((it) => it !== null)).toEqual([
    ...[true, false, false, true],
  ]);
  const history = await readHistory(OVERALL, ["x"], database.db);
  expect(history.models).toMatchObject([{ model: "x", points: [{ rating: expect.any(Number) }] }]);
  await expect(readHistory(keyOf("overall@90d"), undefined, database.db)).rejects.toThrow("period");
  await expect(readHistory(OVERALL, ["who"], database.db)).rejects.toThrow("`who`");
  const pairs = await readPairs(OVERALL, database.db);
  const [x, y] = [pairs.models.indexOf("x"), pairs.models.indexOf("y")];
  expect(pairs.votes[x]![y]).toBe(4);
  const opponents = await readOpponents(OVERALL, "x", database.db);
  const row = opponents.find((it) => it.model === "y");
  expect(row).toMatchObject({ votes: 4, expected: pairs.expected[x]![y] });
  await expect(readOpponents(OVERALL, "who", database.db)).rejects.toThrow("`who`");
  // A language that lost its votes loses its boards.
  await run(
    sql`update ballots set counted = false, uncounted_reason = 'excluded-visitor' where language = 'en'`,
  );
  expect(await listKeys()).not.toContain("overall+en@all");
  expect((await board("overall+en@all")).computedAt).toBeNull();
});

test("renamed, retired and withdrawn models are what they are now, in the rows of before", async () => {
  await votes({ xy: ["a", "a", "b"], zy: ["a", "b", "b"] });
  await engine().compute("overall@all");
  await run(sql`update models set name = 'new' where name = 'x'`);
  await run(sql`update models set retired_at = now() where name = 'y'`);
  await run(sql`update models set withdrawn_at = now() where name = 'z'`);
  const { rows } = await board();
  expect(rows.map(({ model, isRetired }) => [model, isRetired])).toEqual([
    ["new", false],
    ["y", true],
  ]);
});

test("votes are noticed without asking twice, by whichever process, also those from before the start", async () => {
  await vote({ a: "x", b: "y", outcome: "a" });
  const [one, other] = [open(), open()];
  await until(async () => expect((await board()).voteCount).toBe(1));
  await vote({ a: "x", b: "y", outcome: "tie" });
  one.notifyVote();
  await vote({ a: "x", b: "y", outcome: "b" });
  other.notifyVote();
  await until(async () => expect((await board()).voteCount).toBe(3));
  // The others follow the overall one, and it is told how far they are.
  await until(async () => expect((await board("overall+style@30d")).voteCount).toBe(3));
  await until(async () => {
    const runs = await run(sql`select state from board_runs order by started_at desc limit 1`);
    expect(runs[0]).toEqual({ state: "done" });
  });
});

test("who waits for a vote reads a board that holds it, unless that takes too long", async () => {
  const leaderboard = open();
  await until(async () => expect((await board()).computedAt).not.toBeNull());
  await vote({ a: "x", b: "y", outcome: "a" });
  await leaderboard.settleVote();
  // The computation of the start was less than a second before; whoever waits is let go before the next.
  await until(async () => expect((await board()).voteCount).toBe(1));
});

test("many processes at once make one board, and a day keeps its last word", async () => {
  await votes({ xy: ["tie", "a", "b"] });
  const boards = Array.from({ length: 4 }, () => new Leaderboard({ db: database.db }));
  await Promise.all(boards.map((it) => it.recompute()));
  const days = async () => [
    ...(await run(sql`select day::text, count(*)::int from board_days group by day order by day`)),
  ];
  expect(await days()).toMatchObject([{ count: 2 }]);
  await run(sql`update board_days set day = day - 2`);
  for (const outcome of ["a", "b", "tie"]) {
    await vote({ a: "x", b: "y", outcome });
    await boards[0]!.recompute();
  }
  expect(await days()).toMatchObject([{ count: 2 }, { count: 2 }]);
  const history = await readHistory(OVERALL, undefined, database.db);
  expect(history.days).toHaveLength(2);
  expect((await board()).voteCount).toBe(6);
});

test("a board on request is computed by a job, followed, and forgotten when nobody asks", async () => {
  await votes({ xy: ["tie", "a", "b"] }, { days: 3 });
  open();
  const key = boardKeyText({ ...OVERALL, category: "coding", language: "de" });
  const span = "overall@2020-01-01..2099-12-31";
  const queue = new Jobs({ db: database.db });
  await requestBoard(key, { db: database.db, queue });
  await requestBoard(span, { db: database.db, queue });
  await until(async () => expect((await board(span)).voteCount).toBe(3));
  await until(async () => expect((await board(key)).computedAt).not.toBeNull());
  await until(async () => {
    const kept = await run(sql`select key from boards where requested_at is not null order by key`);
    expect(kept.map((it) => it.key)).toEqual([key, span]);
  });
  // Whoever looks at it has it follow, once it is some minutes old; nobody else pays for it.
  expect(await engine().listKeys()).not.toContain(span);
  await votes({ xy: ["a"] });
  await new Leaderboard({ db: database.db }).recompute();
  await followRequestedBoard(span, { db: database.db, queue });
  expect(await queue.hasJob(REQUEST_JOB, span)).toBe(false);
  await run(sql`update boards set computed_at = now() - interval '10 minutes' where key = ${span}`);
  await followRequestedBoard(span, { db: database.db, queue });
  await until(async () => expect((await board(span)).voteCount).toBe(4));
  // A job that still runs would write the row that is forgotten below.
  await until(async () => expect(await queue.hasJob(REQUEST_JOB, span)).toBe(false));
  await run(sql`update boards set requested_at = now() - interval '2 days' where key = ${span}`);
  await engine().listKeys();
  expect((await board(span)).computedAt).toBeNull();
});

test("days on which hardly anybody voted in a language are in no board that names days", async () => {
  const { compute } = toComputer();
  const [few, many] = [4, 5];
  for (let voter = 0; voter < few; voter++)
    await vote({ a: "x", b: "y", outcome: "a" }, { language: "is", days: 9 });
  for (let voter = 0; voter < many; voter++)
    await vote({ a: "x", b: "y", outcome: "b" }, { language: "is", days: 8 });
  for (const key of ["overall+is@2020-01-01..2099-12-31", "overall@2020-01-01..2099-12-31"]) {
    await compute(key);
  }
  expect((await board("overall+is@2020-01-01..2099-12-31")).voteCount).toBe(many);
  expect((await board("overall@2020-01-01..2099-12-31")).voteCount).toBe(few + many);
});

test("`auto` and reveals go by the overall board", async () => {
  await votes({ xy: ["a", "a", "b"] });
  await new Leaderboard({ db: database.db }).recompute();
  const ratings = await new CurrentRatings(database.db).get();
  expect([...ratings.keys()].sort()).toEqual(["x", "y"]);
  expect(ratings.get("x")!).toBeGreaterThan(ratings.get("y")!);
});

test("who waits for a board that another process computes waits longer than for any other statement", async () => {
  await votes({ xy: ["tie", "a", "b"] });
  const hasty = openDatabase(database.url, { statementTimeoutMs: 50 });
  const lock = sql`select pg_advisory_xact_lock(${0x626f}::int, hashtext('overall@all'))`;
  try {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isLocked = false;
    const holder = database.db.transaction(async (transaction) => {
      await transaction.execute(lock);
      isLocked = true;
      await held;
    });
    await until(() => expect(isLocked).toBe(true));
    const computing = new BoardEngine(hasty.db).compute("overall@all");
    // One that gives up sooner.
    const impatient = new BoardEngine(hasty.db, { lockMsMax: 100 }).compute("overall@all");
    await expect(impatient).rejects.toThrow();
    release();
    await holder;
    expect(await computing).toEqual({ isChanged: true, voteCount: 3 });
  } finally {
    await hasty.close();
  }
});

test("a database that is away is tried again", async () => {
  await votes({ xy: ["tie", "a", "b"] });
  await run(sql`alter table boards rename to away`);
  const leaderboard = open();
  await expect(leaderboard.recompute()).rejects.toThrow();
  await run(sql`alter table away rename to boards`);
  await until(async () => expect((await board()).voteCount).toBe(3));
});
