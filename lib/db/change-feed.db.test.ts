/**
 * Goal: a change made by one process is known to another within a second, however the connection between
 * them fares. Method: two feeds on one real database; connections are ended from the server's side.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { announce, ChangeFeed } from "./change-feed";
import { openDatabase } from "./client";
import { LiveCopy } from "./live-copy";
import { createTestDatabase, type TestDatabase } from "./testing";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.execute(sql`create table words (word text)`);
});
afterAll(async () => database.drop());

function openFeed(url = database.url): ChangeFeed {
  const feed = new ChangeFeed(url);
  onTestFinished(() => feed.close());
  return feed;
}

async function readWords(): Promise<string[]> {
  const rows = await database.db.execute<{ word: string }>(
    sql`select word from words order by word`,
  );
  return rows.map((row) => row.word);
}

function openCopy(feed: ChangeFeed, whenAway: "refuse" | "keep" = "refuse") {
  const read = vi.fn(readWords);
  return { read, copy: new LiveCopy({ feed, topic: "keys", read, whenAway }) };
}

async function addWord(word: string): Promise<void> {
  await database.db.transaction(async (transaction) => {
    await transaction.execute(sql`insert into words values (${word})`);
    await announce(transaction, "keys");
  });
}

test("a copy is read once, and again after a change that committed", async () => {
  const feed = openFeed();
  const { read, copy } = openCopy(feed);
  expect(await copy.get()).toEqual([]);
  await vi.waitFor(() => expect(feed.isLive).toBe(true));
  await vi.waitFor(() => expect(copy.peek()).toEqual([]));
  const before = read.mock.calls.length;
  for (let turn = 0; turn < 50; turn++) await copy.get();
  expect(read.mock.calls.length).toBe(before);
  await addWord("committed");
  await vi.waitFor(() => expect(copy.peek()).toEqual(["committed"]));
  const rolledBack = database.db.transaction(async (transaction) => {
    await transaction.execute(sql`insert into words values ('undone')`);
    await announce(transaction, "keys");
    throw new Error("undone");
  });
  await expect(rolledBack).rejects.toThrow("undone");
  expect(await copy.get()).toEqual(["committed"]);
  await database.db.execute(sql`delete from words`);
});

test("a feed whose connections were ended is deaf, then listens again, and its copies are read anew", async () => {
  const feed = openFeed();
  const { copy } = openCopy(feed);
  await copy.get();
  await vi.waitFor(() => expect(feed.isLive).toBe(true));
  await database.db.execute(
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  // Announced to nobody who is connected at this moment; of our own connections one may have been ended as well.
  await vi.waitFor(() => addWord("meanwhile"));
  await vi.waitFor(async () => expect(await copy.get()).toEqual(["meanwhile"]), { timeout: 1_500 });
  await vi.waitFor(() => expect(feed.isLive).toBe(true), { timeout: 10_000 });
  await addWord("later");
  await vi.waitFor(() => expect(copy.peek()).toEqual(["later", "meanwhile"]));
  await database.db.execute(sql`delete from words`);
});

test("with the database away a copy is refused, or kept where an old answer will do", async () => {
  let nowMs = 0;
  const feed = new ChangeFeed(database.url, () => nowMs);
  onTestFinished(() => feed.close());
  let isAway = false;
  const read = async () => {
    if (isAway) throw new Error("away");
    return "read";
  };
  const options = { feed, topic: "keys", read, now: () => nowMs } as const;
  const strict = new LiveCopy({ ...options, whenAway: "refuse" });
  const lenient = new LiveCopy({ ...options, whenAway: "keep" });
  expect([await strict.get(), await lenient.get()]).toEqual(["read", "read"]);
  isAway = true;
  // Nothing was heard for longer than a deaf feed's copy is believed.
  nowMs += 5_000;
  await expect(strict.get()).rejects.toMatchObject({ code: "unavailable" });
  expect(await lenient.get()).toBe("read");
  isAway = false;
  expect(await strict.get()).toBe("read");
});

test("a database that was never there is said to be away", async () => {
  const url = "postgres://postgres@127.0.0.1:1/none";
  const { db, close } = openDatabase(url);
  onTestFinished(close);
  const copy = new LiveCopy({
    ...{ feed: openFeed(url), topic: "keys", whenAway: "keep" },
    read: () => db.execute(sql`select 1`),
  });
  await expect(copy.get()).rejects.toMatchObject({ code: "unavailable" });
});

test("a database that hangs holds up the first who asks, and nobody for long", async () => {
  let nowMs = 0;
  const feed = new ChangeFeed(database.url, () => nowMs);
  onTestFinished(() => feed.close());
  let hanging: (() => void) | undefined;
  let isHanging = false;
  const read = async () => {
    if (isHanging) await new Promise<void>((settle) => (hanging = settle));
    return nowMs;
  };
  const copy = new LiveCopy({ feed, topic: "keys", read, whenAway: "refuse", now: () => nowMs });
  expect(copy.last).toBeUndefined();
  expect(await copy.get()).toBe(0);
  // Nothing is heard any more, either.
  await feed.close();
  isHanging = true;
  nowMs += 5_000;
  const refused = { code: "unavailable", retryAfterSeconds: 2 };
  await expect(copy.get()).rejects.toMatchObject(refused);
  nowMs += 2_000;
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const later = expect(copy.get()).rejects.toMatchObject(refused);
  await vi.advanceTimersByTimeAsync(1);
  await later;
  expect(copy.last).toBe(0);
  isHanging = false;
  hanging?.();
  expect(await copy.get()).toBe(nowMs);
});

test("a reading that is slow is waited for while the database evidently lives", async () => {
  let settle: (() => void) | undefined;
  const reading = () => new Promise<string>((done) => (settle = () => done("read")));
  // Only these two are asked of a feed.
  const feed = { isLive: true, on: () => () => true } as unknown as ChangeFeed;
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const copy = new LiveCopy({
    ...{ feed, topic: "keys", read: reading, whenAway: "refuse" },
    now: () => Date.now(),
  });
  const first = copy.get();
  await vi.advanceTimersByTimeAsync(2_000);
  settle?.();
  expect(await first).toBe("read");
  const again = copy.refresh();
  await vi.advanceTimersByTimeAsync(2_000);
  settle?.();
  expect(await again).toBe("read");
  const late = expect(Promise.all([copy.refresh(), copy.get()])).rejects.toMatchObject({
    code: "unavailable",
  });
  await vi.advanceTimersByTimeAsync(6_000);
  await late;
});
