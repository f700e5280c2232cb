/** Goal: what is asked for is done, once at a time, whoever dies. Method: a real database, several processes' worth of instances. */

import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChangeFeed } from "@/lib/db/change-feed";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { log } from "@/lib/telemetry/log";
import { JobStore } from "./job-store";
import { Jobs } from "./jobs";

let database: TestDatabase;
let feed: ChangeFeed;
const all: Jobs[] = [];
beforeEach(async () => {
  log.level = "silent";
  database = await createTestDatabase();
  feed = new ChangeFeed(database.url);
});
afterEach(async () => {
  await Promise.all(all.splice(0).map((it) => it.stop()));
  await feed.close();
  await database.drop();
});

function open(): Jobs {
  const jobs = new Jobs({ db: database.db, feed });
  all.push(jobs);
  return jobs;
}

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 8_000, interval: 5 });
async function rows() {
  return [...(await database.db.execute(sql`select name, state from pgboss.job`))];
}

test("processes that start at once share the tables, and a job sent by one is done by another", async () => {
  const done: unknown[] = [];
  const doers = Array.from({ length: 5 }, open);
  for (const doer of doers) {
    doer.handle<{ n: number }>("sum", async ({ data }) => {
      done.push(data.n);
    });
    doer.start();
  }
  const sender = open();
  await Promise.all([1, 2, 3].map((n) => sender.send("sum", { n }, { key: String(n) })));
  await until(() => expect([...done].sort()).toEqual([1, 2, 3]));
  await until(async () => expect(await rows()).toEqual([]));
});

test("of a key one runs and one waits, over all processes; the rest are the one that waits", async () => {
  let most = 0;
  let now = 0;
  let runs = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const [one, other] = [open(), open()];
  for (const jobs of [one, other]) {
    jobs.handle("board", async () => {
      most = Math.max(most, ++now);
      runs += 1;
      await held;
      now -= 1;
    });
    jobs.start();
  }
  await one.send("board");
  await until(() => expect(runs).toBe(1));
  for (const jobs of [one, other, one]) await jobs.send("board");
  expect((await rows()).map((it) => it.state).sort()).toEqual(["active", "created"]);
  release();
  await until(() => expect(runs).toBe(2));
  await until(async () => expect(await rows()).toEqual([]));
  expect(most).toBe(1);
});

test("a job of a transaction exists with its commit, and never without", async () => {
  let runs = 0;
  const jobs = open();
  jobs.handle("after", async () => {
    runs += 1;
  });
  const aborted = database.db.transaction(async (db) => {
    await jobs.send("after", {}, { db });
    throw new Error("no");
  });
  await expect(aborted).rejects.toThrow("no");
  expect(await rows()).toEqual([]);
  jobs.start();
  await database.db.transaction((db) => jobs.send("after", {}, { db }));
  await until(() => expect(runs).toBe(1));
});

test("one that fails is tried again; one whose process died goes to another", async () => {
  const jobs = open();
  let attempts = 0;
  jobs.handle("shaky", async () => {
    attempts += 1;
    if (attempts === 1) throw new Error("once");
  });
  const dead = new JobStore(database.db);
  await dead.send("orphan", { of: "dead" }, {});
  expect(await dead.take("orphan")).toMatchObject({ data: { of: "dead" } });
  // The process is gone: nothing was heard of the job for longer than is borne.
  await database.db.execute(
    sql`update pgboss.job set started_on = now() - interval '1 hour' where name = 'orphan'`,
  );
  const found: unknown[] = [];
  jobs.handle("orphan", async ({ data }) => {
    found.push(data);
  });
  await jobs.send("shaky");
  jobs.start();
  await until(() => expect(attempts).toBe(1));
  await new JobStore(database.db).expire();
  await database.db.execute(sql`update pgboss.job set start_after = now() where state = 'retry'`);
  await until(() => expect(found).toEqual([{ of: "dead" }]));
  await until(() => expect(attempts).toBe(2));
});

test("who lost a job by beating no more does not end it for the one that has it", async () => {
  const store = new JobStore(database.db);
  await store.send("slow", {}, {});
  const mine = await store.take("slow");
  expect(await store.beat("slow", mine!.id)).toBe(true);
  await database.db.execute(sql`update pgboss.job set state = 'retry'`);
  expect(await store.beat("slow", mine!.id)).toBe(false);
});

test("what recurs runs once in its slot over all processes, whoever starts when", async () => {
  let runs = 0;
  for (let index = 0; index < 3; index++) {
    const jobs = open();
    jobs.every("daily", { seconds: 86_400 }, async () => {
      runs += 1;
    });
    jobs.start();
  }
  await until(() => expect(runs).toBe(1));
  const late = open();
  late.every("daily", { seconds: 86_400 }, async () => {
    runs += 1;
  });
  late.start();
  await until(async () => expect(await rows()).toEqual([{ name: "daily", state: "completed" }]));
  await database.db.execute(
    sql`update pgboss.job set singleton_on = singleton_on - interval '1 day'`,
  );
  const next = open();
  next.every("daily", { seconds: 86_400 }, async () => {
    runs += 1;
  });
  next.start();
  await until(() => expect(runs).toBe(2));
});

test("a process that ends tells its jobs, and they begin again elsewhere", async () => {
  const one = open();
  let seen: AbortSignal | undefined;
  one.handle("long", ({ signal }) => {
    seen = signal;
    return new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
  });
  one.start();
  await one.send("long");
  await until(() => expect(seen).toBeDefined());
  await one.stop();
  expect(seen!.aborted).toBe(true);
  expect(await rows()).toEqual([{ name: "long", state: "retry" }]);
});
