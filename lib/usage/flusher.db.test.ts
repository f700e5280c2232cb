/**
 * Goal: what several processes used meets in the database, once, and each of them hears of it.
 * Method: ledgers with flushers of their own over one real database; a process that is killed is one that
 * is never flushed again.
 */
import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { KeyRing, KeyRingCopy } from "@/lib/auth/key-ring";
import { ChangeFeed } from "@/lib/db/change-feed";
import { LiveCopy } from "@/lib/db/live-copy";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import type { AppError } from "@/lib/errors";
import { USAGE_FLUSH_INTERVAL_MS, USAGE_PENDING_MAX } from "@/lib/limits";
import type { KeyLimits } from "@/lib/protocol/api-key";
import { createId } from "@/lib/util/id";
import { seededRandom } from "@/lib/util/random";
import { UsageFlusher } from "./flusher";
import { UsageLedger } from "./ledger";
import type { Meter } from "./meter";
import { pruneUsage, sweepLostRecords } from "./store";
import { admitted, openedMeter, testCaller, testCatalog, testRing } from "./testing";

const PRICE = { prompt: 1, completion: 2 };

let database: TestDatabase;
let feed: ChangeFeed;
beforeAll(async () => {
  database = await createTestDatabase();
  feed = new ChangeFeed(database.url);
});
afterAll(async () => {
  await feed.close();
  await database.drop();
});
beforeEach(async () => {
  await query("truncate usage_records, usage_windows, usage_running, usage_days");
});

type ReplicaOptions = {
  now?: () => number;
  models?: Parameters<typeof testCatalog>[0];
  db?: TestDatabase["db"];
  keys?: () => Promise<KeyRing>;
};
type Replica = { ledger: UsageLedger; flusher: UsageFlusher; keys: KeyRingCopy };

function replica({
  now = Date.now,
  models = { m: { price: PRICE } },
  db = database.db,
  keys: readKeys = () => Promise.resolve(testRing()),
}: ReplicaOptions = {}): Replica {
  const ledger = new UsageLedger(now);
  const known = testCatalog(models);
  const read = () => Promise.resolve(known);
  const catalog = new LiveCopy({ feed, topic: "catalog", read, whenAway: "keep" });
  const keys = new LiveCopy({ feed, topic: "keys", read: readKeys, whenAway: "refuse" });
  return { ledger, flusher: new UsageFlusher({ db, ledger, catalog, keys }), keys };
}

const query = (text: string) => database.db.execute<Record<string, unknown>>(sql.raw(text));
const readDays = () =>
  query(
    "select requests::int, failed::int, cancelled::int, prompt_tokens::int, completion_tokens::int, cost_nano_dollars::int, model from usage_days order by model",
  );
const isRefused = (work: () => Meter): boolean => {
  try {
    work();
    return false;
  } catch (error) {
    expect((error as AppError).status).toBe(429);
    return true;
  }
};

describe("several processes", () => {
  test("hold one budget together, to within a flush", async () => {
    const one = replica();
    const other = replica();
    const caller = testCaller({ tokensPerDay: 100 });
    await Promise.all([one.flusher.prepare(caller), other.flusher.prepare(caller)]);
    const [first, second] = [admitted(one.ledger, caller), admitted(other.ledger, caller)];
    expect(first.add({ completion: 60 })).toBeUndefined();
    expect(second.add({ completion: 30 })).toBeUndefined();
    await one.flusher.flush();
    await other.flusher.flush();
    expect(second.add({ completion: 10 })).toBeUndefined();
    expect(second.add({ completion: 1 })?.code).toBe("quota-exceeded");
    await other.flusher.flush();
    await one.flusher.flush();
    // In the middle of an answer: what the others used ends it with its next token.
    expect(first.add({ completion: 1 })?.code).toBe("quota-exceeded");
    expect(isRefused(() => admitted(one.ledger, caller))).toBe(true);
  });

  test("count each other's requests under way, save those of a process that died", async () => {
    const one = replica();
    const dead = replica();
    const caller = testCaller({ concurrentRequests: 3 });
    await Promise.all([one.flusher.prepare(caller), dead.flusher.prepare(caller)]);
    admitted(dead.ledger, caller);
    const closed = admitted(dead.ledger, caller);
    await dead.flusher.flush();
    await one.flusher.flush();
    const mine = admitted(one.ledger, caller);
    expect(isRefused(() => admitted(one.ledger, caller))).toBe(true);
    closed.close("complete");
    await dead.flusher.flush();
    await one.flusher.flush();
    mine.close("complete");
    admitted(one.ledger, caller);
    admitted(one.ledger, caller);
    expect(isRefused(() => admitted(one.ledger, caller))).toBe(true);
    await query("update usage_running set updated_at = now() - interval '6 seconds'");
    await one.flusher.flush();
    admitted(one.ledger, caller);
    await one.flusher.close();
    await query("update usage_running set updated_at = now() - interval '25 hours'");
    await pruneUsage(database.db);
    expect(await query("select * from usage_running")).toEqual([]);
  });

  test("do not go on counting what another one said long ago", async () => {
    const clock = { nowMs: Date.now() };
    const models = { m: { price: PRICE, limits: { concurrentRequests: 1 } } };
    const one = replica({ now: () => clock.nowMs, models });
    const other = replica({ now: () => clock.nowMs, models });
    await Promise.all([one.flusher.flush(), other.flusher.flush()]);
    const meter = admitted(other.ledger, testCaller({}));
    await other.flusher.flush();
    await one.flusher.flush();
    expect(isRefused(() => admitted(one.ledger, testCaller({})))).toBe(true);
    meter.close("complete");
    await other.flusher.flush();
    // Nobody asks for the model here, so nothing is read of it either.
    clock.nowMs += 300_000;
    await one.flusher.flush();
    admitted(one.ledger, testCaller({}));
  });

  test("a fresh one knows the day's use before it lets anyone in", async () => {
    const one = replica();
    const caller = testCaller({ tokensPerDay: 10 });
    await one.flusher.prepare(caller);
    admitted(one.ledger, caller).add({ prompt: 10 });
    await one.flusher.close();
    const fresh = replica();
    const prepared = fresh.flusher.prepare(caller);
    expect(prepared).toBeInstanceOf(Promise);
    await prepared;
    expect(isRefused(() => admitted(fresh.ledger, caller))).toBe(true);
    // And asks no more.
    expect(fresh.flusher.prepare(caller)).toBeUndefined();
  });

  test("a limit set in the course of a day counts what was used before it", async () => {
    const one = replica();
    const unlimited = testCaller({});
    const meter = admitted(one.ledger, unlimited);
    meter.add({ prompt: 7, completion: 3 });
    meter.close("complete");
    await one.flusher.flush();
    const limits = {
      tokensPerMonth: 10,
      models: { m: { tokensPerDay: 11 }, n: { tokensPerDay: 1 } },
    };
    const limited = testCaller(limits, unlimited.key?.id);
    await one.flusher.prepare(limited);
    expect(isRefused(() => admitted(one.ledger, limited))).toBe(true);
    const rows = await query(
      "select subject, period, tokens::int from usage_windows order by 1, 2",
    );
    expect(rows.map((row) => row.tokens)).toEqual([10, 10, 10, 10, 0, 0]);
  });
});

describe("a limit that is taken away and set again", () => {
  const unlimitedUse = async ({ ledger, flusher }: Replica, id: string | undefined) => {
    const meter = admitted(ledger, testCaller({}, id));
    meter.add({ prompt: 50 });
    meter.close("complete");
    await flusher.flush();
  };

  test("counts what was used in between, once", async () => {
    const one = replica();
    const caller = testCaller({ tokensPerMonth: 100 });
    await one.flusher.prepare(caller);
    const meter = admitted(one.ledger, caller);
    meter.add({ prompt: 40 });
    meter.close("complete");
    await one.flusher.flush();
    await unlimitedUse(one, caller.key?.id);
    // By processes that have not seen the key for a while.
    for (const { flusher, ledger } of [replica(), replica()]) {
      await flusher.prepare(caller);
      const next = admitted(ledger, caller);
      expect(next.add({ prompt: 5 })).toBeUndefined();
      next.close("complete");
      await flusher.flush();
    }
    const last = replica();
    await last.flusher.prepare(caller);
    expect(isRefused(() => admitted(last.ledger, caller))).toBe(true);
  });

  test("is read again also where it was known a moment ago", async () => {
    const caller = testCaller({ tokensPerMonth: 100 });
    let limits: KeyLimits = { tokensPerMonth: 100 };
    const one = replica({ keys: () => Promise.resolve(testRing({ caller, limits })) });
    const elsewhere = replica();
    await one.flusher.prepare(caller);
    expect(one.flusher.prepare(caller)).toBeUndefined();
    const change = async (to: KeyLimits) => {
      limits = to;
      await one.keys.refresh();
      await one.flusher.review();
      await one.flusher.flush();
    };
    await change({});
    await unlimitedUse(elsewhere, caller.key?.id);
    await unlimitedUse(one, caller.key?.id);
    await change({ tokensPerMonth: 100 });
    await one.flusher.prepare(caller);
    expect(isRefused(() => admitted(one.ledger, caller))).toBe(true);
  });
});

test("windows that cannot be filled from the sums of days hold up no accounting", async () => {
  let isCut = true;
  // Only what fills windows asks outside of a transaction for their table.
  const db = new Proxy(database.db, {
    get(target, name, receiver) {
      if (name !== "execute") return Reflect.get(target, name, receiver);
      return (query: SQL) => {
        const { sql: text } = new PgDialect().sqlToQuery(query);
        if (isCut && text.includes("greatest(stored")) return Promise.reject(new Error("slow"));
        return target.execute(query);
      };
    },
  });
  const { ledger, flusher } = replica({ db });
  const caller = testCaller({ tokensPerDay: 10 });
  await flusher.prepare(caller);
  const meter = admitted(ledger, caller);
  meter.add({ prompt: 4 });
  meter.close("complete");
  isCut = false;
  await flusher.flush();
  expect(await readDays()).toMatchObject([{ requests: 1, prompt_tokens: 4 }]);
  const rows = await query("select tokens::int from usage_windows where period = 'day'");
  expect(rows).toEqual([{ tokens: 4 }]);
});

test("two windows of one minute, as a clock leaves them that was set back, are written as one", async () => {
  const clock = { nowMs: Date.now() };
  const one = replica({ now: () => clock.nowMs });
  const caller = testCaller({ tokensPerDay: 100 });
  await one.flusher.prepare(caller);
  const meter = admitted(one.ledger, caller);
  for (const stepMs of [0, 86_400_000, -86_400_000]) {
    clock.nowMs += stepMs;
    meter.add({ completion: 10 });
  }
  await one.flusher.flush();
  const rows = await query(
    "select tokens::int from usage_windows where period = 'day' and tokens > 0 order by starts_at",
  );
  expect(rows).toEqual([{ tokens: 20 }, { tokens: 10 }]);
  expect(meter.add({ completion: 80 })).toBeUndefined();
  expect(meter.add({ completion: 1 })?.code).toBe("quota-exceeded");
});

test("amounts that the database refuses hold up no others", async () => {
  const models = { m: { price: { prompt: 1e6, completion: 1 } } };
  const { ledger, flusher } = replica({ models });
  const caller = testCaller({ dollarsPerDay: 1, requestsPerMinute: 9 });
  await flusher.prepare(caller);
  // Beyond what the column holds; no worker may say so.
  admitted(ledger, caller).add({ prompt: 2 ** 50 });
  await flusher.flush();
  const other = testCaller({ tokensPerDay: 9 });
  await flusher.prepare(other);
  admitted(ledger, other).add({ prompt: 3 });
  await flusher.flush();
  const rows = await query(
    "select tokens::int from usage_windows where period = 'day' and tokens > 0",
  );
  expect(rows).toEqual([{ tokens: 3 }]);
});

test("all visitors of a day are one row in its sums", async () => {
  const { ledger, flusher } = replica();
  for (const owner of ["visitor:a", "visitor:b", "anonymous"] as const) {
    const meter = admitted(ledger, { owner, key: undefined });
    meter.add({ prompt: 1 });
    meter.close("complete");
  }
  await flusher.flush();
  expect(await query("select owner, requests::int from usage_days order by owner")).toEqual([
    { owner: "anonymous", requests: 1 },
    { owner: "visitors", requests: 2 },
  ]);
});

test("whoever can neither hear of keys nor read them lets running answers go on, by what was known last", async () => {
  const [caller, revoked] = [testCaller({}), testCaller({})];
  let read = () => Promise.resolve(testRing({ caller }, { caller: revoked, isRevoked: true }));
  const { ledger, flusher, keys } = replica({ keys: () => read() });
  await keys.get();
  const meter = admitted(ledger, caller);
  read = () => Promise.reject(new Error("away"));
  await keys.refresh().catch(() => undefined);
  const late = admitted(ledger, revoked);
  await flusher.review();
  expect(meter.signal.aborted).toBe(false);
  expect(late.signal.aborted).toBe(true);
});

test("what keeps one part of a flush from its work does not keep the others", async () => {
  const models = () => Promise.reject(new Error("unreadable"));
  const ledger = new UsageLedger();
  const catalog = new LiveCopy({ feed, topic: "catalog", read: models, whenAway: "keep" });
  const keys = new LiveCopy({
    ...{ feed, topic: "keys" as const, whenAway: "refuse" as const },
    read: () => Promise.resolve(testRing()),
  });
  const flusher = new UsageFlusher({ db: database.db, ledger, catalog, keys });
  const caller = testCaller({ tokensPerDay: 10 });
  const meter = admitted(ledger, caller);
  meter.add({ prompt: 4 });
  meter.close("complete");
  await flusher.flush();
  expect(await readDays()).toMatchObject([{ requests: 1, prompt_tokens: 4 }]);
  // Nobody waits for what does not come.
  expect(flusher.prepare(testCaller({ tokensPerDay: 1 }))).toBeUndefined();
});

describe("records", () => {
  test("are written while a request runs, and once it has ended its day counts it once", async () => {
    const { ledger, flusher } = replica();
    await flusher.flush();
    const meter = admitted(ledger, testCaller({}));
    meter.add({ prompt: 5 });
    meter.first();
    await flusher.flush();
    const [running] = await query(
      "select outcome, prompt_tokens, completion_tokens from usage_records",
    );
    expect(running).toEqual({ outcome: "running", prompt_tokens: 5, completion_tokens: 0 });
    expect(await readDays()).toEqual([]);
    meter.add({ completion: 2 });
    meter.close("cancelled");
    await flusher.flush();
    await flusher.flush();
    expect(await readDays()).toEqual([
      {
        requests: 1,
        failed: 0,
        cancelled: 1,
        prompt_tokens: 5,
        completion_tokens: 2,
        cost_nano_dollars: 9_000,
        model: "m",
      },
    ]);
    const [ended] = await query("select *, id::text from usage_records");
    expect(ended).toMatchObject({ id: meter.id, owner: meter.caller.owner, outcome: "cancelled" });
    expect(ledger.find({ id: meter.id })).toBeUndefined();
  });

  test("of a process that died are written down as lost, and put right if it lives after all", async () => {
    const { ledger, flusher } = replica();
    const meter = admitted(ledger, testCaller({}));
    meter.add({ prompt: 5 });
    await flusher.flush();
    expect(await sweepLostRecords(database.db)).toBe(0);
    await query("update usage_records set updated_at = now() - interval '20 seconds'");
    expect(await sweepLostRecords(database.db)).toBe(1);
    expect(await sweepLostRecords(database.db)).toBe(0);
    expect(await readDays()).toMatchObject([{ requests: 1, failed: 1, prompt_tokens: 5 }]);
    meter.add({ completion: 4 });
    meter.close("complete");
    await flusher.flush();
    expect(await readDays()).toMatchObject([
      { requests: 1, failed: 0, prompt_tokens: 5, completion_tokens: 4 },
    ]);
  });

  test("a request refused by a limit leaves none; one that no worker served leaves one", async () => {
    const { ledger, flusher } = replica();
    const caller = testCaller({ concurrentRequests: 1 });
    await flusher.prepare(caller);
    const held = admitted(ledger, caller);
    for (let index = 0; index < 5; index++) isRefused(() => admitted(ledger, caller));
    held.close("no-worker");
    const listing = openedMeter(ledger, caller, "");
    listing.close("complete");
    await flusher.flush();
    expect(await query("select outcome from usage_records")).toEqual([{ outcome: "no-worker" }]);
  });

  test("names that callers chose are stored whatever they hold", async () => {
    const { ledger, flusher } = replica();
    const meter = openedMeter(ledger, testCaller({}), `a\0b\ud800${"x".repeat(300)}`);
    meter.begin();
    meter.close("model-not-found");
    await flusher.flush();
    const [row] = await query("select asked, model from usage_records");
    expect(row?.model).toBeNull();
    expect(String(row?.asked).slice(0, 4)).toBe("a\ufffdb\ufffd");
    expect(String(row?.asked)).toHaveLength(256);
  });

  test("that the database refuses hold up no others", async () => {
    const { ledger, flusher } = replica();
    const meters = Array.from({ length: 3 }, () => admitted(ledger, testCaller({})));
    // Beyond what the column holds; no worker may say so.
    meters[1]?.add({ prompt: 2 ** 40 });
    for (const meter of meters) meter.close("complete");
    await flusher.flush();
    expect(await query("select count(*)::int from usage_records")).toEqual([{ count: 2 }]);
    expect(ledger.records.readEnded()).toEqual([]);
  });

  test("of a process that stops are ended by it", async () => {
    const { ledger, flusher } = replica();
    admitted(ledger, testCaller({})).add({ completion: 3 });
    await flusher.close();
    expect(await readDays()).toMatchObject([{ requests: 1, failed: 1, completion_tokens: 3 }]);
  });

  test("too many for a database that is away: the oldest are dropped, the rest is kept", () => {
    const { ledger } = replica();
    const meters = Array.from({ length: USAGE_PENDING_MAX + 2 }, () => {
      const meter = openedMeter(ledger, testCaller({}));
      meter.begin();
      meter.close("complete");
      return meter;
    });
    expect(ledger.records.readEnded()).toHaveLength(USAGE_PENDING_MAX);
    expect(ledger.records.takeDroppedCount()).toBe(2);
    expect(ledger.find({ id: meters[0]?.id ?? "" })).toBeUndefined();
    expect(ledger.find({ requestId: meters.at(-1)?.requestId ?? "" })).toBe(meters.at(-1));
  });
});

test("with the database away limits go on by what is known, and nothing is lost or counted twice", async () => {
  let fault: "none" | "before" | "after" = "none";
  // What fails is the road to the database: before a transaction reaches it, or on the way back.
  const db = new Proxy(database.db, {
    get(target, name, receiver) {
      if (name !== "transaction") return Reflect.get(target, name, receiver);
      return async (work: Parameters<typeof target.transaction>[0]) => {
        if (fault === "before") throw new Error("away");
        const result = await target.transaction(work);
        if (fault === "after") throw new Error("reply lost");
        return result;
      };
    },
  });
  const { ledger, flusher } = replica({ db });
  const caller = testCaller({ tokensPerDay: 100 });
  expect(flusher.prepare(caller)).toBeInstanceOf(Promise);
  await flusher.prepare(caller);
  const meter = admitted(ledger, caller);
  meter.add({ prompt: 10 });
  fault = "after";
  await flusher.flush();
  meter.add({ prompt: 20 });
  await flusher.flush();
  fault = "before";
  meter.add({ prompt: 30 });
  await flusher.flush();
  expect(meter.add({ prompt: 40 })).toBeUndefined();
  expect(meter.add({ prompt: 1 })?.code).toBe("quota-exceeded");
  // Nobody waits for what has just failed.
  expect(flusher.prepare(testCaller({ tokensPerDay: 1 }))).toBeUndefined();
  fault = "none";
  await flusher.flush();
  const rows = await query(
    "select period, tokens::int from usage_windows where tokens > 0 order by 1",
  );
  expect(rows.map((row) => row.tokens)).toEqual([101, 101, 101]);
});

/** A second of several processes' requests, flushed as in life; how far past its limits is a key? */
test("together they overshoot by what they use between two flushes", async () => {
  const clock = { nowMs: Date.UTC(2026, 10, 21, 12) };
  const replicas = Array.from({ length: 3 }, () => replica({ now: () => clock.nowMs }));
  const budget = 3_000;
  const caller = testCaller({ tokensPerDay: budget });
  for (const { flusher } of replicas) await flusher.prepare(caller);
  // 10 tokens every 10 ms at each process, until each has heard that the budget is passed.
  let used = 0;
  const tokens = 10;
  const stepMs = 10;
  const writing = new Set(replicas);
  const meters = new Map(replicas.map((it) => [it, admitted(it.ledger, caller)]));
  for (let step = 1; writing.size > 0; step++) {
    clock.nowMs += stepMs;
    for (const it of writing) {
      used += tokens;
      if (meters.get(it)?.add({ completion: tokens })) writing.delete(it);
    }
    if ((step * stepMs) % USAGE_FLUSH_INTERVAL_MS === 0) {
      for (const { flusher } of replicas) await flusher.flush();
    }
  }
  const aSecond = replicas.length * tokens * (1_000 / stepMs);
  const overshoot = used - budget;
  process.stdout.write(
    `overshoot of 3 processes: ${overshoot} tokens, in a second they use ${aSecond}\n`,
  );
  expect(overshoot).toBeLessThanOrEqual(aSecond);
});

const SEED = Math.floor(Math.random() * 2 ** 31);
test(`sums equal what was charged, places come back (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const pick = (count: number) => Math.floor(random() * count);
  const clock = { nowMs: Date.UTC(2026, 10, 30, 23, 58) };
  const limits = { requestsPerMinute: 60, tokensPerDay: 4_000, concurrentRequests: 9 };
  const models = { m: { price: PRICE, limits: { tokensPerMonth: 6_000 } }, n: { price: PRICE } };
  const callers = Array.from({ length: 3 }, () =>
    testCaller({ ...limits, models: { n: { tokensPerMinute: 900 } } }),
  );
  const now = () => clock.nowMs;
  type Charge = { subjects: string[]; tokens: number; month: number };
  type Life = Replica & { open: Meter[]; unflushed: Charge[] };
  const begin = async (): Promise<Life> => {
    const life = { ...replica({ now, models }), open: [], unflushed: [] };
    for (const caller of callers) await life.flusher.prepare(caller);
    return life;
  };
  const lives = await Promise.all([begin(), begin(), begin()]);
  const expected = new Map<string, number>();
  const flush = async (life: Life) => {
    await life.flusher.flush();
    for (const { subjects, tokens, month } of life.unflushed.splice(0)) {
      for (const subject of subjects) {
        const key = `${subject} ${month}`;
        expected.set(key, (expected.get(key) ?? 0) + tokens);
      }
    }
  };
  for (let step = 0; step < 800; step++) {
    clock.nowMs += pick(120);
    const index = pick(lives.length);
    const life = lives[index] as Life;
    const action = random();
    if (action < 0.3) {
      const caller = callers[pick(callers.length)] ?? testCaller({});
      const model = pick(2) === 0 ? "m" : "n";
      try {
        life.open.push(admitted(life.ledger, caller, model));
      } catch (error) {
        expect((error as AppError).status).toBe(429);
      }
    } else if (action < 0.9) {
      const meter = life.open[pick(life.open.length)];
      if (meter === undefined) continue;
      const [prompt, completion] = [pick(5), 1 + pick(9)];
      const keyId = meter.caller.key?.id;
      const atModel = meter.model === "m" ? "model:m" : `key:${keyId}/model:n`;
      const month = new Date(clock.nowMs).getUTCMonth();
      life.unflushed.push({
        subjects: [`key:${keyId}`, atModel],
        tokens: prompt + completion,
        month,
      });
      const passed = meter.add({ prompt, completion });
      if (passed || random() < 0.1) {
        life.open.splice(life.open.indexOf(meter), 1);
        meter.close(passed?.code ?? (pick(2) === 0 ? "complete" : "cancelled"));
      }
    } else if (action < 0.995) await flush(life);
    // Killed: what it had not flushed is lost, and nobody closes its requests.
    else lives[index] = await begin();
  }
  for (const life of lives) {
    for (const meter of life.open) meter.close("complete");
    await flush(life);
    for (const tally of life.ledger.readTallies()) expect(tally.running).toBe(0);
  }
  const rows = await query(
    "select subject, tokens::int, extract(month from starts_at at time zone 'UTC')::int - 1 as month from usage_windows where period = 'month' and tokens > 0",
  );
  const stored = new Map(rows.map((row) => [`${row.subject} ${row.month}`, row.tokens]));
  expect(stored).toEqual(expected);
  await query("update usage_records set updated_at = now() - interval '20 seconds'");
  await sweepLostRecords(database.db);
  const [sums] = await query(`
    select (select coalesce(sum(requests), 0) from usage_days) = (select count(*) from usage_records) as requests,
      (select sum(cost_nano_dollars) from usage_days) = (select sum(cost_nano_dollars) from usage_records) as cost`);
  expect(sums).toEqual({ requests: true, cost: true });
}, 30_000);

test("old records and windows are pruned, young ones and sums stay", async () => {
  const record = (age: string) =>
    query(`insert into usage_records (id, request_id, owner, endpoint, asked, outcome, started_at, updated_at)
      values ('${createId()}', 'r', 'anonymous', '/v1', 'm', 'complete', now() - interval '${age}', now())`);
  await record("91 days");
  await record("89 days");
  await query(`insert into usage_windows (subject, period, starts_at) values
    ('model:m', 'minute', now() - interval '11 minutes'), ('model:m', 'minute', now()),
    ('model:m', 'day', now() - interval '36 days'), ('model:m', 'day', now()),
    ('model:m', 'month', now() - interval '401 days'), ('model:m', 'month', now())`);
  expect(await pruneUsage(database.db)).toBe(false);
  expect(await query("select count(*)::int from usage_records")).toEqual([{ count: 1 }]);
  expect(await query("select count(*)::int from usage_windows")).toEqual([{ count: 3 }]);
});
