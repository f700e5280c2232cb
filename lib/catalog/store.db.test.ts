/** Goal: rows that a newer version wrote take nothing else down. Method: rows as no writer of today makes them, in a real database. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createId } from "@/lib/util/id";
import { readCatalog } from "./catalog";
import { setAlias, setModel } from "./edit-catalog";
import { FREE, priceOf } from "./price-of";
import { writeNamedUse } from "./store";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const json = (value: unknown) => sql`${JSON.stringify(value)}::text::jsonb`;

test("of a model's row of a newer version all counts that can be read, its limits above all", async () => {
  const limits = { requestsPerMinute: 3, imagesPerMinute: 1, tokensPerDay: "plenty" };
  const price = { prompt: 1, completion: 2, image: 5 };
  const card = { licence: "MIT", motto: "more", contextLength: "long" };
  await database.db.execute(sql`
    insert into model_settings (model, defaults, price, limits, fallbacks, dispatch, card) values
      ('newer', ${json({ temperature: 0.5, mood: "mild" })}, ${json(price)}, ${json(limits)}, '{other}', 'by-phase-of-moon', ${json(card)}),
      ('strange', '3', ${json({ perHour: 1 })}, 'null', '{}', null, '[]'),
      ('known', '{}', null, ${json({ tokensPerDay: 9 })}, '{}', 'lottery', '{}')`);
  const { settings } = await readCatalog(database.db);
  expect(settings.get("newer")).toEqual({
    model: "newer",
    defaults: { temperature: 0.5 },
    price: { prompt: 1, completion: 2 },
    limits: { requestsPerMinute: 3 },
    fallbacks: ["other"],
    ...{ card: { licence: "MIT" }, isDirect: true, isApi: true },
  });
  expect(settings.get("strange")).toMatchObject({ defaults: {}, price: undefined, limits: {} });
  expect(settings.get("known")?.limits).toEqual({ tokensPerDay: 9 });
  expect(settings.get("newer")?.dispatch).toBeUndefined();
  expect(settings.get("known")?.dispatch).toBe("lottery");
});

test("the operator's price comes before the worker's, also where it says that nothing is charged", async () => {
  const { db } = database;
  await db.execute(sql`
    insert into models (id, name, description, price) values
      (${createId()}, 'told', '{}', ${json({ prompt: 3, completion: 4, image: 1 })}),
      (${createId()}, 'free', '{}', ${json({ prompt: 3, completion: 4 })}),
      (${createId()}, 'said', '{}', ${json({ prompt: 3, completion: 4 })}),
      (${createId()}, 'garbled', '{}', '"dear"'), (${createId()}, 'untold', '{}', null)`);
  const settings = { defaults: {}, limits: {}, fallbacks: [], dispatch: null, card: {} };
  await setModel({ ...settings, model: "free", price: FREE }, db);
  await setModel({ ...settings, model: "said", price: { prompt: 1, completion: 1 } }, db);
  await setModel({ ...settings, model: "told", price: null }, db);
  const known = await readCatalog(db);
  const prices = ["told", "free", "said", "garbled", "untold", "unknown"].map((it) =>
    priceOf(known, it),
  );
  expect(prices).toEqual([
    { prompt: 3, completion: 4 },
    undefined,
    { prompt: 1, completion: 1 },
    ...[undefined, undefined, undefined],
  ]);
});

test("who may ask for a model by name is written beside what else is said of it", async () => {
  const { db } = database;
  const said = async () => (await readCatalog(db)).settings.get("asked");
  await writeNamedUse(db, { model: "asked", isDirect: false, isApi: true });
  expect(await said()).toMatchObject({ isDirect: false, isApi: true, card: {}, limits: {} });
  const settings = {
    defaults: {},
    limits: { requestsPerMinute: 1 },
    fallbacks: [],
    dispatch: null,
  };
  await setModel({ ...settings, model: "asked", price: null, card: { licence: "MIT" } }, db);
  expect(await said()).toMatchObject({ isDirect: false, isApi: true, card: { licence: "MIT" } });
  await writeNamedUse(db, { model: "asked", isDirect: true, isApi: false });
  expect(await said()).toMatchObject({ isApi: false, limits: { requestsPerMinute: 1 } });
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
