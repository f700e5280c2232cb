import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ChangeFeed } from "@/lib/db/change-feed";
import { LiveCopy } from "@/lib/db/live-copy";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { type ModelEntry, modelEntrySchema } from "@/lib/protocol/model-entry";
import { handModels } from "./hand-models";
import {
  changeExternalModel,
  changeProviderKey,
  createExternalModel,
  createProviderKey,
  deleteExternalModel,
  deleteProviderKey,
  enableExternalModel,
  readProviders,
  writeProblems,
} from "./store";
import { toProvidersView } from "./to-view";

const SECRET = "secret-of-the-tests";
const WORD = "sk-ant-quixotic-marmalade";
const NOBODY = "0190b2f4-0000-7000-8000-000000000000";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => emptyTables(database.db, "external_models", "provider_keys"));

function entryOf(more: object = {}): ModelEntry {
  return modelEntrySchema.parse({
    ...{ name: "claude", provider: "anthropic", model: "claude-sonnet-4-5", ...more },
  });
}

function addKey(name = "house", key = WORD) {
  const body = { name, provider: "anthropic" as const, credentials: { key } };
  return createProviderKey(database.db, body, SECRET);
}

function addModel(keyId: string | null, more: object = {}) {
  return createExternalModel(database.db, { entry: entryOf(more), keyId, isEnabled: true });
}

const hand = async (secret = SECRET) =>
  handModels(await readProviders(database.db), { secret, isPrivate: true });

test("a key is kept sealed, handed opened, and shown to nobody", async () => {
  const key = await addKey();
  const model = await addModel(key.id);
  const rows = await database.db.execute(
    sql`select k::text || m::text as text from provider_keys k, external_models m`,
  );
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(WORD);

  const { models, tag } = await hand();
  expect(models.models).toEqual([
    { name: "claude", entry: model.entry, credentials: { key: WORD } },
  ]);
  expect(tag).not.toContain(WORD);

  const known = await readProviders(database.db);
  const view = toProvidersView(known, { secret: SECRET, offered: new Set(["claude"]) });
  expect(view.keys).toMatchObject([{ name: "house", opens: true, models: ["claude"] }]);
  expect(view.models).toMatchObject([{ state: "offered", keyId: key.id }]);
  const shown = JSON.stringify(view);
  for (const secret of [WORD, key.sealed, "sk-ant", "marmalade"]) {
    expect(shown).not.toContain(secret);
  }
});

test("after another secret its models say so, and the others go on", async () => {
  const key = await addKey();
  await addModel(key.id);
  await addModel(null, { name: "by-variable", key: "HOUSE_KEY" });
  const { models } = await hand("another secret");
  expect(models.models.map((it) => [it.name, it.problem?.kind, it.credentials])).toEqual([
    ["by-variable", undefined, undefined],
    ["claude", "key-locked", undefined],
  ]);
  const known = await readProviders(database.db);
  const view = toProvidersView(known, { secret: "another secret", offered: new Set() });
  expect(view.models.map(({ state }) => state)).toEqual(["waiting", "key-locked"]);
  expect(view.keys[0]?.opens).toBe(false);

  // Entered again, it opens.
  const changes = { credentials: { key: "sk-ant-again" } };
  await changeProviderKey(database.db, "house", { changes, secret: "another secret" });
  const again = await hand("another secret");
  expect(again.models.models[1]?.credentials).toEqual({ key: "sk-ant-again" });
});

test("a sealed text moved to another row opens nothing there", async () => {
  const [one, other] = [await addKey("one", "sk-one"), await addKey("other", "sk-other")];
  await addModel(other.id);
  await database.db.execute(
    sql`update provider_keys set sealed = ${one.sealed} where id = ${other.id}`,
  );
  const { models } = await hand();
  expect(models.models[0]).toMatchObject({ problem: { kind: "key-locked" } });
  expect(JSON.stringify(models)).not.toContain("sk-one");
});

test("a key that is replaced is gone; the models that use it get the next", async () => {
  const key = await addKey();
  await addModel(key.id);
  const before = await hand();
  const changes = { name: "house 2", credentials: { key: "sk-ant-new" } };
  const changed = await changeProviderKey(database.db, key.id, { changes, secret: SECRET });
  const after = await hand();
  expect(after.models.models[0]?.credentials).toEqual({ key: "sk-ant-new" });
  expect(after.tag).not.toBe(before.tag);
  expect(changed.createdAt).toEqual(key.createdAt);
  const rows = await database.db.execute(sql`select * from provider_keys`);
  expect(rows).toMatchObject([{ name: "house 2" }]);
  expect(JSON.stringify(rows)).not.toContain(key.sealed);
  // What has not changed has the same tag, whoever asks.
  expect((await hand()).tag).toBe(after.tag);
});

test("a key that models use is not deleted; one that none uses is, for good", async () => {
  const key = await addKey();
  await addModel(key.id);
  await addModel(key.id, { name: "claude-2" });
  await expect(deleteProviderKey(database.db, "house")).rejects.toMatchObject({
    ...{ code: "conflict", message: expect.stringMatching(/is used by claude, claude-2\. Give/) },
  });
  await deleteExternalModel(database.db, "claude-2");
  await changeExternalModel(database.db, "claude", {
    ...{ entry: entryOf({ key: "HOUSE_KEY" }), keyId: null, isEnabled: true },
  });
  await deleteProviderKey(database.db, key.id);
  expect(await database.db.execute(sql`select * from provider_keys`)).toHaveLength(0);
  await expect(deleteProviderKey(database.db, "house")).rejects.toMatchObject({
    code: "not-found",
  });
});

test("what a model cannot use is refused by its field", async () => {
  const key = await addKey();
  await expect(addModel(NOBODY)).rejects.toMatchObject({ param: "keyId" });
  await expect(addModel(key.id, { key: "HOUSE_KEY" })).rejects.toMatchObject({
    param: "entry.key",
    message: expect.stringMatching(/keep one of them/),
  });
  await expect(addModel(key.id, { provider: "openai" })).rejects.toMatchObject({
    message: expect.stringMatching(/is a key of anthropic, and the model is one of openai/),
  });
  await addModel(key.id);
  await expect(addModel(key.id)).rejects.toMatchObject({ code: "conflict", param: "entry.name" });
  await expect(addKey()).rejects.toMatchObject({ code: "conflict", param: "name" });
  const changes = { credentials: { accessKeyId: "AKIA" } };
  await expect(
    changeProviderKey(database.db, "house", { changes, secret: SECRET }),
  ).rejects.toMatchObject({ param: "credentials.accessKeyId" });
});

test("the two interfaces of OpenAI's share a key", async () => {
  const body = { name: "o", provider: "openai" as const, credentials: { key: "sk-o" } };
  const { id } = await createProviderKey(database.db, body, SECRET);
  const model = await addModel(id, { provider: "openai-responses", model: "o4-mini" });
  expect(model.keyId).toBe(id);
});

test("a model that is switched off is handed to nobody", async () => {
  await addModel(null);
  await enableExternalModel(database.db, "claude", false);
  expect((await hand()).models.models).toEqual([]);
  await enableExternalModel(database.db, "claude", true);
  expect((await hand()).models.models).toHaveLength(1);
});

test("a worker's word on a model is kept until it takes it back or the model changes", async () => {
  const key = await addKey();
  await addModel(key.id);
  const problem = { kind: "refused" as const, message: "The provider refuses the key." };
  const tell = (told: typeof problem | null) =>
    writeProblems(database.db, [
      { name: "claude", problem: told },
      { name: "nobody", problem: told },
    ]);
  const read = async () => (await readProviders(database.db)).models[0]?.problem;
  await tell(problem);
  expect(await read()).toEqual(problem);
  // Another reading of the same is no change of what workers are handed.
  const { tag } = await hand();
  await tell(null);
  expect(await read()).toBeUndefined();
  expect((await hand()).tag).toBe(tag);
  await tell(problem);
  const changes = { credentials: { key: "sk-new" } };
  await changeProviderKey(database.db, key.id, { changes, secret: SECRET });
  expect(await read()).toBeUndefined();
});

test("what a newer version wrote takes nothing else down", async () => {
  await addModel(null);
  const entry = JSON.stringify({ ...entryOf({ name: "newer" }), mood: "mild" });
  await database.db.execute(
    sql`insert into external_models (id, name, entry) values (${NOBODY}, 'newer', ${entry}::jsonb)`,
  );
  const { models } = await readProviders(database.db);
  expect(models.map((it) => it.entry.name)).toEqual(["claude"]);
});

test("another process sees a change", async () => {
  const feed = new ChangeFeed(database.url);
  const copy = new LiveCopy({
    ...{ feed, topic: "providers", whenAway: "keep" },
    read: () => readProviders(database.db),
  });
  expect((await copy.get()).models).toEqual([]);
  await addModel(null);
  await expect.poll(async () => (await copy.get()).models.length).toBe(1);
  await enableExternalModel(database.db, "claude", false);
  await expect.poll(async () => (await copy.get()).models[0]?.isEnabled).toBe(false);
  await feed.close();
});
