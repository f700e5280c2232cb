/** Goal: the newest rules hold, with defaults for the rest. Method: a real database. */
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChangeFeed } from "@/lib/db/change-feed";
import { LiveCopy } from "@/lib/db/live-copy";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { createId } from "@/lib/util/id";
import { editRules, readVersionedRules } from "./edit-rules";
import { changeRules, readRules } from "./rules";

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

test("defaults hold until something was stored, and then the newest", async () => {
  const { db } = database;
  expect(await readRules(db)).toEqual(DEFAULT_ARENA_SETTINGS);
  const unfair = arenaSettingsSchema.parse({ pace: { isFair: false } });
  await changeRules(db, unfair);
  expect(await readRules(db)).toEqual(unfair);
  await changeRules(db, DEFAULT_ARENA_SETTINGS);
  expect((await readRules(db)).pace.isFair).toBe(true);
});

test("what an older version stored gets today's defaults", async () => {
  await store({ pace: { isFair: false } });
  expect(await readRules(database.db)).toEqual({
    ...DEFAULT_ARENA_SETTINGS,
    pace: { ...DEFAULT_ARENA_SETTINGS.pace, isFair: false },
  });
});

test("fields of a newer version are left out, and all others hold", async () => {
  await store({
    sampling: { models: [{ model: "secret", isAnonymousOnly: true, mood: "calm" }], seed: 1 },
    moderation: { patterns: [{ name: "bad", pattern: "bad", since: "1.2" }], tone: 1 },
    weather: { isOn: true },
  });
  const { sampling, moderation, ...rest } = await readRules(database.db);
  expect(sampling.models).toEqual([expect.objectContaining({ isAnonymousOnly: true })]);
  expect(moderation.patterns).toEqual([{ name: "bad", pattern: "bad" }]);
  expect(Object.keys(rest)).not.toContain("weather");
});

test("a field that cannot be read opens nothing: the last copy holds, and without one nothing does", async () => {
  const copyOf = () =>
    new LiveCopy({
      feed: { isLive: false, on: () => {} } as unknown as ChangeFeed,
      ...{ topic: "arena" as const, whenAway: "keep" as const },
      read: () => readRules(database.db),
    });
  const hidden = { sampling: { models: [{ model: "secret", isAnonymousOnly: true }] } };
  await store(hidden);
  const copy = copyOf();
  await copy.get();
  await store({ ...hidden, calls: { priced: "by-budget" }, pace: { isFair: false } });
  await expect(copy.refresh()).rejects.toThrow(/calls\.priced/);
  expect((await copy.get()).sampling.models).toHaveLength(1);
  await expect(copyOf().get()).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("`calls.priced`"),
  });
  // The page for operators shows what can be read, so that they can save it anew.
  const { settings, version } = await readVersionedRules(database.db);
  expect(settings.sampling.models[0]?.isAnonymousOnly).toBe(true);
  expect(settings.pace.isFair).toBe(false);
  expect(settings.calls).toEqual(DEFAULT_ARENA_SETTINGS.calls);
  const mended = { ...settings, pace: DEFAULT_ARENA_SETTINGS.pace };
  await editRules({ version, settings: mended }, database.db);
  expect(await copyOf().get()).toEqual(mended);
});

async function store(settings: unknown): Promise<void> {
  await database.db.execute(
    sql`insert into arena_settings (id, settings) values (${createId()}, ${JSON.stringify(settings)})`,
  );
}
