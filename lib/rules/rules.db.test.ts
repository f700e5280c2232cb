/** Goal: the newest rules hold, with defaults for the rest. Method: a real database. */
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { createId } from "@/lib/util/id";
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

test("what an older version stored gets today's defaults; what a newer one did does not break this one", async () => {
  const { db } = database;
  const store = (settings: unknown) =>
    db.execute(
      sql`insert into arena_settings (id, settings) values (${createId()}, ${JSON.stringify(settings)})`,
    );
  await store({ pace: { isFair: false } });
  expect(await readRules(db)).toEqual({
    ...DEFAULT_ARENA_SETTINGS,
    pace: { ...DEFAULT_ARENA_SETTINGS.pace, isFair: false },
  });
  await store({ pace: { isFair: "sometimes" } });
  expect(await readRules(db)).toEqual(DEFAULT_ARENA_SETTINGS);
});
