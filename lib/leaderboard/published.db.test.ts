/**
 * Goal: a published board stays what it is, tells of nobody, and anyone computes the same bytes from its votes.
 * Method: ballots put into a real database, with visitors who said things; boards published and computed again.
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { deleteEverything } from "@/lib/history/edit-conversation";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { type BoardKey, OVERALL } from "@/lib/protocol/board-key";
import { changeRules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { seededRandom } from "@/lib/util/random";
import { parseBoardFile } from "@/lib/vote-files/board-file";
import { computeBoardFile } from "@/lib/vote-files/compute-board-file";
import { Downloads } from "./downloads";
import { createBoardId, publishBoard } from "./publish-board";
import { getPublishedFile, listPublished, readPublished } from "./read-published";
import { removeBoard } from "./remove-board";
import { openFrozenVotes, openVotes } from "./vote-download";
import { lockSnapshots, readPackedVotes, readVoteBytes } from "./vote-snapshot";
import { withVoteFile } from "./with-vote-file";

let database: TestDatabase;
const models = new Map<string, string>();
const visitor = { id: createId(), voter: crypto.randomUUID() };
beforeAll(async () => {
  database = await createTestDatabase();
  for (const name of ["alpha", "beta", "gamma", "veiled"]) {
    models.set(name, createId());
    await run(
      sql`insert into models (id, name, description) values (${models.get(name)}, ${name}, '{}')`,
    );
  }
});
afterAll(() => database.drop());
beforeEach(async () => {
  await run(
    sql`truncate ballots, published_boards, vote_snapshots, vote_snapshot_parts, public_log, visitors cascade`,
  );
  await run(sql`insert into visitors (id, voter) values (${visitor.id}, ${visitor.voter})`);
  const conversationId = createId();
  await run(
    sql`insert into conversations (id, visitor_id, kind) values (${conversationId}, ${visitor.id}, 'battle')`,
  );
  await run(sql`insert into messages (id, conversation_id, role, content)
    values (${createId()}, ${conversationId}, 'user', 'my dark secret')`);
});

const run = (statement: ReturnType<typeof sql>) => database.db.execute(statement);

const side = { tokens: 10, characters: 40, headers: 0, lists: 2, bold: 1, codeBlocks: 0 };
type Cast = { voter?: string; at?: string; language?: string | null; code?: boolean };

const toRow = (a: string, b: string, outcome: string, cast: Cast) => ({
  ...{ id: createId(), voter: cast.voter ?? visitor.voter, outcome },
  ...{ model_a_id: models.get(a), model_b_id: models.get(b) },
  language: cast.language === undefined ? "en" : cast.language,
  created_at: cast.at ?? "2026-03-04T05:06:07.089Z",
  facts: {
    ...{ version: 1, a: side, b: { ...side, tokens: 30, bold: 4 } },
    prompt: { characters: 20, hasCode: cast.code ?? false, hasMath: false },
  },
});

const insert = (rows: ReturnType<typeof toRow>[]) =>
  run(sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language, facts, created_at)
    select id, voter, model_a_id, model_b_id, outcome, 0.25, 1, true, language, facts, created_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as it(id uuid, voter uuid, model_a_id uuid,
      model_b_id uuid, outcome text, language text, facts jsonb, created_at timestamptz)`);

async function vote(a: string, b: string, outcome: string, cast: Cast = {}) {
  const row = toRow(a, b, outcome, cast);
  await insert([row]);
  return row.id;
}

async function castMany(count: number, cast: Cast = {}) {
  const random = seededRandom(11);
  const names = ["alpha", "beta", "gamma"];
  const rows = Array.from({ length: count }, () => {
    const first = Math.floor(random() * 3);
    const second = (first + 1 + Math.floor(random() * 2)) % 3;
    const outcome = ["a", "b", "tie", "both-bad"][Math.floor(random() * 4)]!;
    return toRow(names[first]!, names[second]!, outcome, { voter: crypto.randomUUID(), ...cast });
  });
  await insert(rows);
}

const publish = (key: Partial<BoardKey> = {}, title = "First board") =>
  publishBoard(database.db, { id: createBoardId(), title, key: { ...OVERALL, ...key } });

async function whole(chunks: AsyncIterable<Uint8Array>) {
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks) pieces.push(piece);
  return Buffer.concat(pieces);
}
const lines = (hash: string) => whole(readVoteBytes(database.db, hash));
const count = async (table: string) =>
  Number((await run(sql`select count(*)::int as count from ${sql.identifier(table)}`))[0]?.count);

test("anyone computes the same bytes from its votes; the same votes are stored once", async () => {
  await castMany(40);
  const first = await publish();
  const { text } = await getPublishedFile(first.id, database.db);
  const board = parseBoardFile(text);
  expect(board).toMatchObject({ key: "overall@all", voteCount: 40, code: "unbundled" });
  expect(board.rows.map(({ status }) => status)).toEqual(["rated", "rated", "rated"]);
  const votes = await lines(first.hash);
  expect(createHash("sha256").update(votes).digest("hex")).toBe(first.hash);
  expect(votes.toString().split("\n")).toHaveLength(41);
  const again = await withVoteFile(readVoteBytes(database.db, first.hash), first.hash, (path) =>
    computeBoardFile(path, board),
  );
  expect(again).toBe(text);
  // One stream of gzip, which every client unpacks to its end.
  const packed = await whole(readPackedVotes(database.db, first.hash));
  expect(gunzipSync(packed).equals(votes)).toBe(true);

  const second = await publish({ style: true }, "Second board");
  expect(second.hash).toBe(first.hash);
  expect([await count("vote_snapshots"), await count("vote_snapshot_parts")]).toEqual([1, 1]);
  await vote("alpha", "beta", "tie");
  expect((await publish()).hash).not.toBe(first.hash);
  expect((await lines(first.hash)).equals(votes)).toBe(true);
  expect((await listPublished(database.db)).map(({ title }) => title)).toEqual([
    ...["First board", "Second board", "First board"],
  ]);
});

test("nothing of who voted, when, and of what is in it; and it outlives the visitor", async () => {
  await castMany(20);
  const id = await vote("beta", "alpha", "a", { at: "2026-03-04T23:59:59.999Z" });
  const { hash, id: boardId } = await publish();
  const votes = await lines(hash);
  const board = await getPublishedFile(boardId, database.db);
  for (const told of [visitor.voter, visitor.id, id, "dark secret", "05:06", "23:59"]) {
    expect(`${votes}${board.text}`).not.toContain(told);
  }
  const day = Date.parse("2026-03-04T00:00:00Z") / 1_000;
  for (const line of votes.toString().trim().split("\n")) {
    expect(JSON.parse(line).tstamp).toBe(day);
    expect(Object.keys(JSON.parse(line))).toEqual([
      ...["model_a", "model_b", "winner", "tstamp", "language", "anony", "turn"],
      ...["pair_probability", "categories", "conv_metadata"],
    ]);
  }
  await deleteEverything({ db: database.db }, { visitorId: visitor.id });
  expect(await count("visitors")).toBe(0);
  expect((await lines(hash)).equals(votes)).toBe(true);
  expect(await getPublishedFile(boardId, database.db)).toEqual(board);
  // And the votes of whoever is gone are published as before.
  expect((await publish()).hash).toBe(hash);
});

test("lines stand in an order that says nothing of when they came", async () => {
  const ids: string[] = [];
  for (let turn = 1; turn <= 30; turn++) {
    ids.push(await vote("alpha", "beta", "a"));
    await run(sql`update ballots set turn = ${turn} where id = ${ids.at(-1)}`);
  }
  const early = await vote("alpha", "gamma", "b", { at: "2026-03-03T10:00:00Z" });
  const { hash } = await publish();
  const turns = (await lines(hash))
    .toString()
    .trim()
    .split("\n")
    .map((it) => JSON.parse(it).turn);
  const digestOf = (id: string) => createHash("sha256").update(id).digest("hex");
  const wanted = ids
    .map((id, index) => ({ turn: index + 1, digest: digestOf(id) }))
    .sort((one, other) => (one.digest < other.digest ? -1 : 1));
  expect(turns).toEqual([1, ...wanted.map(({ turn }) => turn)]);
  expect(early).toBeTruthy();
});

test("votes that do not count, and those on models whose names are not told, are not in it", async () => {
  await castMany(12);
  const uncounted = await vote("alpha", "beta", "a");
  await run(
    sql`update ballots set counted = false, uncounted_reason = 'too-early' where id = ${uncounted}`,
  );
  await vote("veiled", "alpha", "a");
  await vote("beta", "veiled", "a");
  const rule = { model: "veiled", isAnonymousOnly: true };
  await changeRules(database.db, arenaSettingsSchema.parse({ sampling: { models: [rule] } }));
  const { hash, voteCount, id } = await publish();
  expect(voteCount).toBe(12);
  expect((await lines(hash)).toString()).not.toContain("veiled");
  expect((await readPublished(id, database.db))?.rows).toHaveLength(3);
  await changeRules(database.db, arenaSettingsSchema.parse({}));
  expect((await publish()).voteCount).toBe(14);
});

test("category, language and days pick the votes of a board", async () => {
  const today = new Date().toISOString();
  await castMany(10, { at: today, language: "de" });
  await castMany(7, { at: today, code: true });
  await castMany(5, { at: "2025-01-31T23:59:59Z", language: null });
  const votesOf = async (key: Partial<BoardKey>) => (await publish(key)).boardVotes;
  expect(await votesOf({})).toBe(22);
  expect(await votesOf({ language: "de" })).toBe(10);
  expect(await votesOf({ category: "coding" })).toBe(7);
  expect(await votesOf({ period: "2025-01-31..2025-01-31" })).toBe(5);
  const month = await publish({ period: "30d", style: true });
  expect(month.boardVotes).toBe(17);
  expect(month.key).toMatch(/^overall\+style@\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d$/);
  expect((await readPublished(month.id, database.db))?.coefficients).not.toEqual([]);
  await expect(publish({ language: "fr" })).rejects.toMatchObject({ code: "conflict" });
  await expect(publish({ period: "2020-01-01..2020-12-31" })).rejects.toThrow(/No vote/);
});

test("what fails on the way leaves nothing behind", async () => {
  await expect(publish()).rejects.toMatchObject({ code: "conflict" });
  await castMany(4);
  const stop = new AbortController();
  const key = OVERALL;
  const broken = publishBoard(
    database.db,
    { id: createBoardId(), title: "x", key },
    { signal: stop.signal, onProgress: () => stop.abort(new Error("stopped")) },
  );
  await expect(broken).rejects.toThrow("stopped");
  for (const table of ["vote_snapshots", "vote_snapshot_parts", "published_boards", "public_log"]) {
    expect(await count(table)).toBe(0);
  }
});

test("two at once store the votes once", async () => {
  await castMany(10);
  const both = await Promise.all([publish(), publish({ style: true })]);
  expect(both[0].hash).toBe(both[1].hash);
  expect([await count("vote_snapshots"), await count("published_boards")]).toEqual([1, 2]);
});

test("one that waits for another's end says so when it has waited for too long", async () => {
  await database.db.transaction(async (holder) => {
    await lockSnapshots(holder);
    const waiting = database.db.transaction((db) => lockSnapshots(db, 20));
    await expect(waiting).rejects.toMatchObject({ code: "overloaded", message: /published/ });
  });
  await database.db.transaction((db) => lockSnapshots(db, 20));
});

test("a board is removed with its reason in the public log, and its votes with the last that names them", async () => {
  await castMany(6);
  const [one, other] = [await publish(), await publish({ style: true }, "Other")];
  const log = async () =>
    (await run(sql`select kind, message from public_log order by id`)).map((it) => it.kind);
  await removeBoard({ id: one.id, reason: "Wrong title." }, database.db);
  expect(await count("vote_snapshots")).toBe(1);
  expect(await readPublished(one.id, database.db)).toBeUndefined();
  await removeBoard({ id: other.id, reason: "Not needed." }, database.db);
  expect(await count("vote_snapshot_parts")).toBe(0);
  expect(await log()).toEqual([
    ...["board-published", "board-published", "board-removed", "board-removed"],
  ]);
  const [last] = await run(sql`select message from public_log order by id desc limit 1`);
  expect(last?.message).toContain("Not needed.");
  await expect(removeBoard({ id: one.id, reason: "?" }, database.db)).rejects.toMatchObject({
    code: "not-found",
  });
});

test("a language that fewer than five people spoke on a day is not told of that day", async () => {
  const at = "2026-03-04T10:00:00Z";
  const voters = Array.from({ length: 4 }, () => crypto.randomUUID());
  for (const voter of [...voters, ...voters])
    await vote("alpha", "beta", "a", { voter, language: "is", at });
  for (let voter = 0; voter < 5; voter++) {
    await vote("beta", "alpha", "a", { voter: crypto.randomUUID(), language: "de", at });
    // One a day.
    await vote("alpha", "beta", "b", { language: "is", at: `2026-04-0${voter + 1}T10:00:00Z` });
  }
  const { hash } = await publish();
  const context = { db: database.db, downloads: new Downloads({ countMax: 1 }) };
  for (const told of [await lines(hash), await whole(await openVotes("jsonl", context))]) {
    const languages = told
      .toString()
      .trim()
      .split("\n")
      .map((it) => JSON.parse(it).language);
    expect(languages.filter((it) => it === "German")).toHaveLength(5);
    expect(languages.filter((it) => it === "unknown")).toHaveLength(13);
  }
  await vote("alpha", "beta", "a", { voter: crypto.randomUUID(), language: "is", at });
  expect((await lines((await publish()).hash)).toString().match(/Icelandic/g)).toHaveLength(9);
});

test("a vote of today is in no download, so that two of them do not tell when it was cast", async () => {
  await castMany(6, { at: new Date(Date.now() - 86_400_000).toISOString() });
  const context = { db: database.db, downloads: new Downloads({ countMax: 1 }) };
  const before = await whole(await openVotes("jsonl", context));
  expect(before.toString().trim().split("\n")).toHaveLength(6);
  await castMany(6, { at: new Date().toISOString() });
  expect((await whole(await openVotes("jsonl", context))).equals(before)).toBe(true);
  // What is frozen is the board of this moment, once, when an operator says so.
  expect((await publish()).voteCount).toBe(12);
});

test("downloads are the votes of the days before, as lines and as a table, few at once", async () => {
  await castMany(2_500, { language: null });
  const { hash } = await publish();
  const downloads = new Downloads({ countMax: 2 });
  const context = { db: database.db, downloads };
  const stored = await lines(hash);
  expect((await whole(await openVotes("jsonl", context))).equals(stored)).toBe(true);
  const table = await whole(await openVotes("parquet", context));
  const rows = await parquetReadObjects({ file: new Uint8Array(table).buffer });
  expect(rows.map(({ model_a }) => model_a)).toEqual(
    stored
      .toString()
      .trim()
      .split("\n")
      .map((it) => JSON.parse(it).model_a),
  );
  const frozen = { hash, isPacked: false };
  expect((await whole(await openFrozenVotes(frozen, context))).equals(stored)).toBe(true);

  // Each waits for its reader after the first batch.
  const open = [await openVotes("jsonl", context), await openVotes("jsonl", context)];
  await expect(openVotes("jsonl", context)).rejects.toMatchObject({ code: "overloaded" });
  const reader = open[0]!.getReader();
  expect((await reader.read()).value?.length).toBeGreaterThan(100_000);
  await reader.cancel();
  await expect.poll(() => downloads.running).toBe(1);
  await open[1]!.cancel();
  await expect.poll(() => downloads.running).toBe(0);
  const [{ open: transactions } = {}] = await run(
    sql`select count(*)::int as open from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`,
  );
  expect(transactions).toBe(0);
});

test("votes that were damaged are told, and stored anew by who publishes the same", async () => {
  await castMany(30);
  const { hash, id } = await publish();
  const votes = await lines(hash);
  for (const damage of [
    sql`set content = substring(content for length(content) - 9)`,
    sql`set content = set_byte(content, length(content) / 2, 255 - get_byte(content, length(content) / 2))`,
  ]) {
    await run(sql`update vote_snapshot_parts ${damage}`);
    await expect(lines(hash)).rejects.toMatchObject({ code: "conflict" });
    expect((await publish()).hash).toBe(hash);
    expect((await lines(hash)).equals(votes)).toBe(true);
  }
  expect(await count("vote_snapshots")).toBe(1);
  expect(await readPublished(id, database.db)).toBeDefined();
});

test("one network has its share of downloads, and nobody keeps one without reading", async () => {
  await castMany(2_500, { at: "2026-03-04T10:00:00Z" });
  const downloads = new Downloads({ countMax: 3, networkMax: 1, stallMs: 50 });
  const of = (network: string) => openVotes("jsonl", { db: database.db, downloads, network });
  const slow = await of("one");
  await expect(of("one")).rejects.toThrow("1 download of votes is under way in your network");
  expect((await whole(await of("other"))).toString().split("\n")).toHaveLength(2_501);
  await expect.poll(() => downloads.running).toBe(0);
  await expect(whole(slow)).rejects.toThrow("Nothing of the file was read for long");
  expect((await whole(await of("one"))).length).toBeGreaterThan(100_000);
});

test("a reader that does not read is let go of when its time is up", async () => {
  await castMany(2_500);
  const downloads = new Downloads({ countMax: 1, timeMs: 20 });
  const stream = await openVotes("jsonl", { db: database.db, downloads });
  await expect.poll(() => downloads.running).toBe(0);
  await expect(whole(stream)).rejects.toThrow("not read in time");
});
