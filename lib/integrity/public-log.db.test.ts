/** Goal: the public log tells what became of models beside what was done to boards, and no name that nobody is told. Method: a real database. */
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publicLog } from "@/lib/db/schema/ballots";
import { modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { changeRules, readRules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { setModelWithdrawn } from "./change-board";
import { readLog } from "./public-log-store";
import { readPublicLog } from "./read-public-log";

let database: TestDatabase;
const X = { id: createId(), name: "x", description: {} };
const SECRET = { id: createId(), name: "secret-7b", description: { organization: "Acme" } };

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.insert(models).values([X, SECRET]);
  const rule = { model: SECRET.name, isAnonymousOnly: true };
  await changeRules(database.db, arenaSettingsSchema.parse({ sampling: { models: [rule] } }));
});
afterAll(() => database.drop());

type Kind = (typeof modelLedger.$inferSelect)["kind"];

async function enter(modelId: string, kind: Kind, hoursAgo: number, facts = {}): Promise<void> {
  const createdAt = sql`now() - make_interval(hours => ${hoursAgo})`;
  await database.db.insert(modelLedger).values({ modelId, kind, facts, createdAt });
}

const read = (before?: string) => readPublicLog({ before }, database.db);

test("lines of both stand in one order, and pages go on where the last one ended", async () => {
  const { db } = database;
  expect(await read()).toEqual({ entries: [], next: null });
  await enter(X.id, "first-battle", 90);
  await enter(X.id, "retired", 70, { by: "absence", votes: 7 });
  await enter(X.id, "returned", 60, { by: "offer", votes: 7 });
  await db.insert(publicLog).values({
    ...{ kind: "visitor-excluded", message: "A visitor was excluded.", ballots: 3 },
    createdAt: sql`now() - interval '65 hours'`,
  });
  const { entries } = await read();
  expect(entries.map(({ kind, ballots }) => [kind, ballots])).toEqual([
    ["model-returned", 7],
    ["visitor-excluded", 3],
    ["model-retired", 7],
    ["model-first-battle", 0],
  ]);
  // A battle's day is told and not its moment, which its id would tell as well.
  const first = entries[3];
  expect(first?.createdAt).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  const [row] = await db.select().from(modelLedger).where(eq(modelLedger.kind, "first-battle"));
  expect(first?.id.slice(0, 8)).not.toBe(row?.id.slice(0, 8));
  expect(entries[2]?.message).toContain("The model x was retired: no worker");
  const older = await read(entries[1]?.id);
  expect(older.entries).toEqual(entries.slice(2));
  expect((await read(createId())).entries).toEqual([]);
  // More than a page, all of one moment.
  const line = { kind: "rules-changed", message: "m", ballots: 0, createdAt: new Date(0) } as const;
  await db.insert(publicLog).values(Array.from({ length: 210 }, () => ({ ...line })));
  const seen = new Set<string>();
  let next: string | null | undefined;
  for (let page = 0; next !== null; page++) {
    expect(page).toBeLessThan(4);
    const lines = await read(next);
    for (const { id } of lines.entries) seen.add(id);
    next = lines.next;
  }
  expect(seen.size).toBe(214);
  await db.delete(publicLog).where(eq(publicLog.kind, "rules-changed"));
});

test("what is private has no name there, no hour, and comes a day later", async () => {
  const { db } = database;
  await enter(SECRET.id, "first-battle", 49);
  await enter(SECRET.id, "retired", 0, { by: "operator" });
  await setModelWithdrawn({ db, board: { recompute: async () => {} } }, SECRET.name, true);
  const { entries } = await read();
  expect(JSON.stringify(entries)).not.toContain(SECRET.name);
  expect(entries[0]).toMatchObject({ kind: "model-withdrawn" });
  expect(entries[0]?.message).toContain("A model that is named nowhere was withdrawn.");
  const first = entries.find(({ message }) => message.startsWith("A private model of Acme"));
  expect(first).toMatchObject({
    ...{ kind: "model-first-battle", createdAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/) },
  });
  expect(entries.filter(({ kind }) => kind === "model-retired")).toHaveLength(1);
  // Nor does it tell whom somebody may be looking at now, private or not.
  const fresh = { id: createId(), name: "fresh", description: {} };
  await db.insert(models).values(fresh);
  await enter(fresh.id, "first-battle", 1);
  expect(JSON.stringify(await read())).not.toContain("fresh");
  // Once it has a name, all of it is told.
  await changeRules(db, arenaSettingsSchema.parse({}));
  const named = (await read()).entries.filter(({ message }) => message.includes(SECRET.name));
  expect(named.map(({ kind }) => kind)).toEqual(["model-retired", "model-first-battle"]);
});

test("whoever read the rules a moment before a model came with its own tells no name of it", async () => {
  const { db } = database;
  const id = createId();
  await db.insert(models).values({ id, name: "hush-8b", description: {} });
  const { sampling } = await readRules(db);
  const rules = [...sampling.models, { model: "hush-8b", isAnonymousOnly: true }];
  await changeRules(db, arenaSettingsSchema.parse({ sampling: { models: rules } }));
  for (const hoursAgo of [0, 90]) await enter(id, "made-private", hoursAgo);
  const lines = await readLog(db, { before: undefined, hidden: [], limit: 1_000 });
  const own = lines.filter(({ model }) => model === "hush-8b");
  expect(own.map(({ isPrivate, isDay }) => [isPrivate, isDay])).toEqual([[true, true]]);
});
