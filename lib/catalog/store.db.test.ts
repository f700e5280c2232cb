/** Goal: rows that a newer version wrote take nothing else down. Method: rows as no writer of today makes them, in a real database. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { readCatalog } from "./catalog";
import { setAlias } from "./edit-catalog";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const json = (value: unknown) => sql`${JSON.stringify(value)}::text::jsonb`;

test("of a model's row of a newer version all counts that can be read, its limits above all", async () => {
  const limits = { requestsPerMinute: 3, imagesPerMinute: 1, tokensPerDay: "plenty" };
  const price = { prompt: 1, completion: 2, image: 5 };
  await database.db.execute(sql`
    insert into model_settings (model, defaults, price, limits, fallbacks, dispatch) values
      ('newer', ${json({ temperature: 0.5, mood: "mild" })}, ${json(price)}, ${json(limits)}, '{other}', 'by-phase-of-moon'),
      ('strange', '3', ${json({ perHour: 1 })}, 'null', '{}', null),
      ('known', '{}', null, ${json({ tokensPerDay: 9 })}, '{}', 'lottery')`);
  const { settings } = await readCatalog(database.db);
  expect(settings.get("newer")).toEqual({
    model: "newer",
    defaults: { temperature: 0.5 },
    price: { prompt: 1, completion: 2 },
    limits: { requestsPerMinute: 3 },
    fallbacks: ["other"],
  });
  expect(settings.get("strange")).toMatchObject({ defaults: {}, price: undefined, limits: {} });
  expect(settings.get("known")?.limits).toEqual({ tokensPerDay: 9 });
  expect(settings.get("newer")?.dispatch).toBeUndefined();
  expect(settings.get("known")?.dispatch).toBe("lottery");
});

test("an alias of a newer version is left out, the others stand", async () => {
  const targets = [{ model: "m" }];
  await database.db.execute(sql`
    insert into model_aliases (name, definition, rollback) values
      ('known', ${json({ targets })}, null),
      ('newer', ${json({ targets, sticky: true })}, null),
      ('strange', '[]', null),
      ('taken out in new words', ${json({ targets })}, ${json({ when: "now" })})`);
  const { aliases } = await readCatalog(database.db);
  expect([...aliases.keys()].sort()).toEqual(["known", "taken out in new words"]);
  expect(aliases.get("known")?.targets).toEqual([{ model: "m", weight: 1 }]);
  expect(aliases.get("taken out in new words")?.rollback).toBeUndefined();
  // Keepers put it right by setting it anew.
  await setAlias({ name: "newer", targets: [{ model: "m", weight: 1 }], mirrors: [] }, database.db);
  expect((await readCatalog(database.db)).aliases.has("newer")).toBe(true);
});
