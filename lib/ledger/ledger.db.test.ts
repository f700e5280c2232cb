/** Goal: what became of a model is written once and stays. Method: a real database, writers at once. */
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ballots } from "@/lib/db/schema/ballots";
import { modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createId } from "@/lib/util/id";
import { enterLedger } from "./enter-ledger";
import { enterFirstBattles, rememberBattle } from "./first-battles";
import { retireAbsent, returnOffered, setRetired } from "./retirement";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function model(offeredDaysAgo = 0): Promise<{ id: string; name: string }> {
  const it = { id: createId(), name: `model-${createId()}` };
  await database.db.insert(models).values({
    ...{ ...it, description: {} },
    lastOfferedAt: sql`now() - make_interval(days => ${offeredDaysAgo})`,
  });
  return it;
}

async function ledgerOf(modelId: string) {
  const rows = await database.db
    .select()
    .from(modelLedger)
    .where(eq(modelLedger.modelId, modelId))
    .orderBy(modelLedger.createdAt);
  return rows.map(({ kind, facts }) => [kind, facts]);
}

async function vote(a: string, b: string, counted: boolean): Promise<void> {
  await database.db.insert(ballots).values({
    ...{ id: createId(), voter: createId(), modelAId: a, modelBId: b, outcome: "tie" },
    ...{ pairProbability: 0.5, turn: 1, counted, uncountedReason: counted ? null : "too-early" },
  });
}

test("a new model is entered by the database itself, and what stands there is never changed", async () => {
  const { db } = database;
  const { id } = await model();
  expect(await ledgerOf(id)).toEqual([["registered", {}]]);
  const attempts = [
    db.update(modelLedger).set({ kind: "returned" }).where(eq(modelLedger.modelId, id)),
    db.delete(modelLedger).where(eq(modelLedger.modelId, id)),
    db.execute(sql`truncate model_ledger`),
    db.execute(sql`truncate models cascade`),
  ];
  for (const attempt of attempts) {
    await expect(attempt).rejects.toMatchObject({
      cause: { message: "model_ledger is append-only" },
    });
  }
  // Nor does a model go that has a past.
  await expect(db.delete(models).where(eq(models.id, id))).rejects.toThrow();
  expect(await ledgerOf(id)).toHaveLength(1);
});

test("an entry tells the counted votes of its moment", async () => {
  const [x, y] = [await model(), await model()];
  await vote(x.id, y.id, true);
  await vote(y.id, x.id, true);
  await vote(x.id, y.id, false);
  await enterLedger(database.db, { kind: "withdrawn", modelIds: [x.id] });
  await vote(y.id, x.id, true);
  await enterLedger(database.db, { kind: "restored", modelIds: [x.id], facts: { by: "me" } });
  expect(await ledgerOf(x.id)).toEqual([
    ["registered", {}],
    ["withdrawn", { votes: 2 }],
    ["restored", { votes: 3, by: "me" }],
  ]);
});

test("of many first battles at once one is entered, and one that was not written leaves none", async () => {
  const { db } = database;
  const [x, y] = [await model(), await model()];
  const broken = db.transaction(async (transaction) => {
    await enterFirstBattles(transaction, [x.id, y.id]);
    throw new Error("the battle was not written");
  });
  await expect(broken).rejects.toThrow("not written");
  expect(await ledgerOf(x.id)).toHaveLength(1);
  await Promise.all(
    [
      [x, y],
      [y, x],
      [x, y],
      [y, x],
    ].map(([a, b]) =>
      db.transaction((transaction) => enterFirstBattles(transaction, [a!.id, b!.id])),
    ),
  );
  for (const { id } of [x, y]) {
    expect(await ledgerOf(id)).toEqual([
      ["registered", {}],
      ["first-battle", { votes: 0 }],
    ]);
  }
});

test("a battle of models that are remembered asks the database nothing", async () => {
  const ids = [createId(), createId()];
  rememberBattle(ids);
  const nothing = new Proxy(database.db, {
    get: () => expect.fail("the database was asked"),
  });
  await enterFirstBattles(nothing, ids);
});

test("a model that nobody offers is retired, and is back with the first worker that does", async () => {
  const { db } = database;
  const [away, here] = [await model(31), await model(29)];
  expect(await retireAbsent(db, 30)).toEqual([away.name]);
  expect(await retireAbsent(db, 30)).toEqual([]);
  await returnOffered(db, [away.id, here.id]);
  await returnOffered(db, [away.id, here.id]);
  expect(await ledgerOf(away.id)).toEqual([
    ["registered", {}],
    ["retired", { by: "absence", days: 30, votes: 0 }],
    ["returned", { by: "offer", votes: 0 }],
  ]);
  expect(await ledgerOf(here.id)).toHaveLength(1);
});

test("what an operator has retired no worker brings back", async () => {
  const { db } = database;
  const { id, name } = await model(40);
  await retireAbsent(db, 30);
  await returnOffered(db, [id]);
  expect(await setRetired(db, name, false)).toBeUndefined();
  expect(await setRetired(db, name, true)).toBe(id);
  expect(await setRetired(db, name, true)).toBeUndefined();
  await returnOffered(db, [id]);
  expect((await ledgerOf(id)).map(([kind]) => kind)).toEqual([
    ...["registered", "retired", "returned", "retired"],
  ]);
  expect(await setRetired(db, name, false)).toBe(id);
  expect((await ledgerOf(id)).at(-1)).toEqual(["returned", { by: "operator", votes: 0 }]);
});
