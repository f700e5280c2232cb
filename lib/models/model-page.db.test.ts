/**
 * Goal: a model's page tells what stands on stored boards and in its ledger, and no name that nobody is told.
 * Method: a real database with boards as computations store them.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setModel, unsetModel } from "@/lib/catalog/edit-catalog";
import { writeNamedUse } from "@/lib/catalog/store";
import { ballots } from "@/lib/db/schema/ballots";
import { boards, modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { modelPageSchema } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import { editRules, readVersionedRules } from "@/lib/rules/edit-rules";
import { createId } from "@/lib/util/id";
import { keepModels } from "./keep-models";
import { PrivateVotes } from "./private-votes";
import { readModelPage } from "./read-model-page";
import { retireModel } from "./retire-model";
import { readRetirements } from "./store";

let database: TestDatabase;
const X = { id: createId(), name: "acme/x~1" };
const Y = { id: createId(), name: "acme/y" };
const SECRET = { id: createId(), name: "acme/secret-7b" };
const Z = { id: createId(), name: "z" };

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  for (const { id, name } of [X, Y, SECRET, Z]) {
    const organization = name === "z" ? {} : { organization: " Acme" };
    await db.insert(models).values({ id, name, description: { licence: "MIT", ...organization } });
  }
  await hide(SECRET.name);
  const entry = (modelId: string, rating: number, votes: number) => ({
    ...{ modelId, status: "rated", rating, lower: rating - 20, upper: rating + 20 },
    ...{ rank: 1, rankBest: 1, rankWorst: 2, votes, wins: 3, losses: 1, ties: votes - 4 },
  });
  const row = (key: string, entries: unknown[], pairs: unknown = {}) => ({
    ...{ key, method: "test", voteCount: 10, fingerprint: "f" },
    ...{ body: { entries, coefficients: [] }, pairs },
  });
  await db.insert(boards).values([
    row("overall+de@all", [entry(X.id, 990, 5)]),
    row("coding@all", [entry(Y.id, 1000, 5)]),
    row("overall+style@all", [entry(X.id, 1010, 10), entry(Y.id, 1000, 10)]),
    row("overall@90d", [entry(X.id, 1020, 10)]),
    row("overall@all", [entry(X.id, 1030, 10), entry(Y.id, 970, 8), entry(SECRET.id, 900, 4)], {
      models: 3,
      // X against Y: 4 won, 2 tied, 2 lost; X against the third: 4 tied; Y never met that.
      counts: Buffer.from([4, 2, 2, 0, 4, 0, 0, 0, 0]).toString("base64"),
    }),
  ]);
});
afterAll(() => database.drop());

async function hide(...names: string[]): Promise<void> {
  const { version } = await readVersionedRules(database.db);
  const rules = names.map((model) => ({ model, isAnonymousOnly: true }));
  const settings = arenaSettingsSchema.parse({ sampling: { models: rules } });
  await editRules({ version, settings }, database.db);
}

const listRetirements = async (db: TestDatabase["db"]) =>
  new Map((await readRetirements(db)).map(({ model, retiredAt }) => [model, retiredAt]));

const asleep = { listModels: async () => [] };
const prices = { settings: new Map() };
let nowMs = 0;
const privateVotes = new PrivateVotes(() => nowMs);

async function read(name: string, controller: { listModels(): Promise<never[]> } = asleep) {
  const page = await readModelPage(toModelSlug(name), {
    ...{ db: database.db, controller, privateVotes, prices },
  });
  return modelPageSchema.parse(page);
}

async function firstBattle(modelId: string, daysAgo: number): Promise<void> {
  await database.db.insert(modelLedger).values({
    ...{ modelId, kind: "first-battle", facts: { votes: 0 } },
    createdAt: sql`now() - make_interval(days => ${daysAgo})`,
  });
}

test("a model has its places on boards of all times, the overall one first, and its opponents", async () => {
  const page = await read(X.name);
  expect(page.facts).toMatchObject({ model: X.name, slug: "acme~1x~01", isAwake: false });
  expect(page.places.map(({ key, rating, models }) => [key, rating, models])).toEqual([
    ["overall@all", 1030, 3],
    ["overall+style@all", 1010, 2],
    ["overall+de@all", 990, 1],
  ]);
  // Neither the one whose name nobody is told, nor the one it never met.
  expect(page.opponents).toEqual([
    {
      ...{ model: Y.name, slug: "acme~1y", votes: 8, wins: 4, losses: 2, ties: 2 },
      expected: 0.5855,
    },
  ]);
  const none = await read(Z.name);
  expect([none.places, none.opponents, none.variants]).toEqual([[], [], []]);
});

test("what its keeper says comes first: of its card, its price, and whose variants are beside it", async () => {
  const { db } = database;
  const card = { organization: "Beta", licence: "Proprietary", link: "https://beta.example" };
  const settings = { defaults: {}, limits: {}, fallbacks: [], dispatch: null, price: null };
  await setModel({ ...settings, model: X.name, card: { ...card, summary: "Said." } }, db);
  await db.execute(
    sql`update models set price = '{"prompt": 1, "completion": 2}' where name = ${X.name}`,
  );
  await writeNamedUse(db, { model: X.name, isDirect: false, isApi: true });
  const page = modelPageSchema.parse(
    await readModelPage(toModelSlug(X.name), { db, controller: asleep, privateVotes }),
  );
  expect(page.facts).toMatchObject({
    ...{ organization: "Beta", licence: "Proprietary", hasOpenWeights: false },
    price: { inputPerMillion: 1, outputPerMillion: 2 },
  });
  expect(page.description).toMatchObject({ summary: "Said.", link: "https://beta.example" });
  expect([page.isDirect, page.isApi]).toEqual([false, true]);
  await firstBattle(Y.id, 5);
  await firstBattle(X.id, 5);
  const variants = async (name: string) => {
    const told = await readModelPage(toModelSlug(name), { db, controller: asleep, privateVotes });
    return told.variants.map(({ model }) => model);
  };
  expect(await variants(X.name)).toEqual([X.name]);
  expect(await variants(Y.name)).toEqual([Y.name]);
  await unsetModel(X.name, db);
  expect((await variants(Y.name)).toSorted()).toEqual([X.name, Y.name]);
  await db.transaction(async (transaction) => {
    await transaction.execute(sql`set local session_replication_role = replica`);
    await transaction.execute(sql`delete from model_ledger where kind = 'first-battle'`);
    await transaction.execute(sql`update models set price = null`);
  });
});

test("a model is found by its slug as it stands in an address, and as a router has decoded it", async () => {
  const name = "50% off/a b~1ä";
  await database.db.insert(models).values({ id: createId(), name, description: {} });
  const slug = toModelSlug(name);
  for (const written of [slug, decodeURIComponent(slug), slug.replaceAll("~", "%7E")]) {
    const context = { db: database.db, controller: asleep, prices };
    expect((await readModelPage(written, context)).facts.model).toBe(name);
  }
});

test("a name that nobody is told is as unknown as one that nobody has", async () => {
  const refusal = (slug: string) =>
    readModelPage(slug, { db: database.db, controller: asleep, prices }).then(
      () => expect.fail("a page"),
      ({ code, message }) => ({ code, message }),
    );
  const [hidden, unknown, broken] = await Promise.all(
    [toModelSlug(SECRET.name), "no-such-model", "%E0%A4%A"].map(refusal),
  );
  expect(hidden).toMatchObject({ code: "model-not-found" });
  expect(unknown).toEqual(hidden);
  expect(broken).toEqual(hidden);
});

test("private variants are told without name, in days, with rounded votes, and not on their first day", async () => {
  await firstBattle(X.id, 3);
  await firstBattle(SECRET.id, 1);
  expect((await read(X.name)).variants.map(({ model }) => model)).toEqual([X.name]);
  await moveFirstBattle(SECRET.id, 2);
  await vote(SECRET.id, 99);
  const text = JSON.stringify(await read(X.name));
  for (const told of [SECRET.name, toModelSlug(SECRET.name), SECRET.id]) {
    expect(text).not.toContain(told);
  }
  const hidden = async () => (await read(X.name)).variants.find(({ model }) => model === null);
  const day = expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/);
  expect(await hidden()).toEqual({
    ...{ model: null, slug: null, registeredAt: day, firstBattleAt: day },
    ...{ withdrawnAt: null, retiredAt: null, votes: 0, isAwake: null },
  });
  await vote(SECRET.id, 2);
  expect((await hidden())?.votes).toBe(0);
  // Votes of today and of yesterday are told of nobody.
  await vote(SECRET.id, 150, 1);
  nowMs += 61_000;
  expect((await hidden())?.votes).toBe(100);
});

test("whom a battle of today or yesterday is between stands nowhere, neither as an entry nor as a variant", async () => {
  const { db } = database;
  const [one, other] = [createId(), createId()];
  for (const [id, name] of [
    [one, "newlab/one"],
    [other, "newlab/other"],
  ] as const) {
    await db.insert(models).values({ id, name, description: { organization: "Newlab" } });
  }
  await firstBattle(one, 0);
  const kinds = async () => (await read("newlab/one")).ledger.map(({ kind }) => kind);
  for (const daysAgo of [0, 1]) {
    await moveFirstBattle(one, daysAgo);
    expect(await kinds()).toEqual(["registered"]);
    expect((await read("newlab/other")).variants).toEqual([]);
  }
  await moveFirstBattle(one, 2);
  const page = await read("newlab/one");
  const day = expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/);
  expect(page.ledger.find(({ kind }) => kind === "first-battle")).toMatchObject({ at: day });
  expect(page.variants).toMatchObject([{ model: "newlab/one", firstBattleAt: day }]);
});

async function moveFirstBattle(modelId: string, daysAgo: number): Promise<void> {
  await database.db.transaction(async (transaction) => {
    await transaction.execute(sql`set local session_replication_role = replica`);
    await transaction.execute(
      sql`update model_ledger set created_at = now() - make_interval(days => ${daysAgo})
        where kind = 'first-battle' and model_id = ${modelId}`,
    );
  });
}

/** Of a moment so many days ago: three unless given, so long that they are told. */
async function vote(modelId: string, count: number, daysAgo = 3): Promise<void> {
  await database.db.insert(ballots).values(
    Array.from({ length: count }, () => ({
      ...{ id: createId(), voter: createId(), modelAId: modelId, modelBId: Z.id, turn: 1 },
      ...{ outcome: "a" as const, pairProbability: 0.5, counted: true },
      createdAt: sql`now() - make_interval(days => ${daysAgo})`,
    })),
  );
}

test("with its name a model's whole past becomes public", async () => {
  await hide();
  const page = await read(SECRET.name);
  expect(page.ledger.map(({ kind, votes }) => [kind, votes])).toEqual([
    ["made-public", 251],
    ["made-private", 0],
    ["registered", null],
    ["first-battle", 0],
  ]);
  const variant = (await read(X.name)).variants.find(({ model }) => model === SECRET.name);
  expect(variant).toMatchObject({ slug: "acme~1secret-7b", votes: 4 });
  await hide(SECRET.name);
  await expect(read(SECRET.name)).rejects.toMatchObject({ code: "model-not-found" });
  await hide();
  expect((await read(SECRET.name)).ledger.map(({ kind }) => kind).slice(0, 3)).toEqual([
    ...["made-public", "made-private", "made-public"],
  ]);
});

test("an operator retires a model and brings it back, which its page and the list tell", async () => {
  const { db } = database;
  const retire = (isRetired: boolean) => retireModel({ model: Y.name, isRetired }, db);
  expect(await retire(true)).toBe(true);
  expect(await retire(true)).toBe(false);
  const page = await read(Y.name);
  expect(page.facts.isRetired).toBe(true);
  expect(page.places).toHaveLength(3);
  expect(page.ledger[0]).toMatchObject({ kind: "retired", by: "operator", votes: 0 });
  expect((await listRetirements(db)).get(Y.name)).toBeInstanceOf(Date);
  expect(await retire(false)).toBe(true);
  expect((await listRetirements(db)).get(Y.name)).toBeNull();
  await expect(retireModel({ model: "no-such", isRetired: true }, db)).rejects.toMatchObject({
    ...{ code: "not-found", param: "model" },
  });
});

test("a process that has just started retires nothing, one that has run for an hour what is gone for a month", async () => {
  const { db } = database;
  const ago = (days: number) => sql`now() - make_interval(days => ${days})`;
  await db
    .update(models)
    .set({ lastOfferedAt: ago(40) })
    .where(sql`name = ${Z.name}`);
  await db.execute(
    sql`update models set last_offered_at = null, updated_at = ${ago(40)} where name = ${Y.name}`,
  );
  const [worker, instance] = [createId(), createId()];
  const offering = async (state: string) => {
    await db.execute(sql`insert into workers (id, instance_id, kind, name, version, address, slots, waiting_max, state, load)
      values (${worker}, ${instance}, 'mock', 'w', '1', 'http://127.0.0.1:9', 1, 1, ${state}, '{}')
      on conflict (id) do update set state = ${state}`);
  };
  await offering("ready");
  await db.execute(sql`insert into worker_models (worker_id, model_id, build, context_length, features)
    values (${worker}, ${Y.id}, 'b', 10, '{}')`);
  await keepModels({ upMs: 1_000 }, db);
  expect((await listRetirements(db)).get(Z.name)).toBeNull();
  await keepModels({ upMs: 3_600_000 }, db);
  const retired = await listRetirements(db);
  // What a worker offers was written down in the same turn.
  expect([retired.get(Z.name) !== null, retired.get(Y.name)]).toEqual([true, null]);
  await offering("lost");
  await db
    .update(models)
    .set({ lastOfferedAt: ago(40) })
    .where(sql`name = ${Y.name}`);
  await keepModels({ upMs: 3_600_000 }, db);
  expect((await listRetirements(db)).get(Y.name)).not.toBeNull();
});

test("a name that came with votes from elsewhere says so, and had no battle here", async () => {
  const id = createId();
  await database.db.insert(models).values({ id, name: "moved/in", description: {} });
  const imported = { modelId: id, kind: "imported" } as const;
  await database.db.insert(modelLedger).values({ ...imported, facts: { registers: 1, votes: 0 } });
  await database.db.insert(modelLedger).values({ ...imported, facts: { votes: 12 } });
  const { ledger } = await read("moved/in");
  expect(ledger.map(({ kind, by, votes }) => [kind, by, votes])).toEqual([
    ["imported", null, 12],
    ["registered", "import", null],
  ]);
});
