/** Goal: what is stored of a key, and what may be changed. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { API_KEYS_MAX } from "@/lib/limits";
import { type CreateKeyBody, createKeyBodySchema } from "@/lib/protocol/key-view";
import { createId } from "@/lib/util/id";
import { readKeyRing } from "./key-ring";
import { createKey, findKey, listKeys, revokeKey, touchKeys, updateKey } from "./key-store";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.execute(sql`truncate api_keys`));

const bodyOf = (body: object = {}): CreateKeyBody =>
  createKeyBodySchema.parse({ name: "a program", ...body });

test("the key itself stands nowhere in the database; its beginning and its hash do", async () => {
  const { key, view } = await createKey(database.db, bodyOf());
  const rows = await database.db.execute(
    sql`select row_to_json(api_keys)::text as text from api_keys`,
  );
  expect(JSON.stringify(rows)).not.toContain(key.slice(view.prefix.length));
  expect(view).toMatchObject({
    ...{ name: "a program", state: "live", models: null, limits: {} },
    scopes: ["generate", "texts", "read"],
    ...{ expiresAt: null, revokedAt: null, lastUsedAt: null },
  });
  const ring = await readKeyRing(database.db);
  expect(ring.find(key)).toMatchObject({ state: "live", key: { id: view.id, models: undefined } });
  expect(ring.find(`${key}x`)).toEqual({ state: "unknown" });
});

test("a key is found by its id, by letters of its beginning and by itself", async () => {
  const { key, view } = await createKey(database.db, bodyOf());
  const letters = view.prefix.slice("pk-parley-".length);
  for (const word of [view.id, view.prefix, letters, letters.slice(0, 3), key]) {
    expect(await findKey(database.db, word)).toEqual(view);
  }
  for (const word of [
    "",
    "pk-parley-",
    letters.slice(0, 2),
    "%%%",
    "___",
    createId(),
    "no such key",
  ]) {
    await expect(findKey(database.db, word), word).rejects.toMatchObject({ code: "not-found" });
  }
  await database.db.execute(
    sql`insert into api_keys (id, name, prefix, hash, scopes, limits) values (${createId()}, 'twin', ${view.prefix}, 'h', '{}', '{}')`,
  );
  await expect(findKey(database.db, view.prefix)).rejects.toMatchObject({ code: "conflict" });
});

test("an update changes what it names; a revocation is final", async () => {
  const { key, view } = await createKey(database.db, bodyOf({ models: ["m"] }));
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const limits = { requestsPerMinute: 5, models: { m: { concurrentRequests: 1 } } };
  expect(await updateKey(database.db, view.id, { limits, expiresAt })).toEqual({
    ...view,
    ...{ limits, expiresAt },
  });
  const changed = await updateKey(database.db, view.prefix, { models: null, scopes: ["read"] });
  expect(changed).toMatchObject({ models: null, scopes: ["read"], limits, name: "a program" });
  const ring = await readKeyRing(database.db);
  expect(ring.find(key, Date.parse(expiresAt) - 1)).toMatchObject({
    state: "live",
    key: { limits, scopes: ["read"], models: undefined },
  });
  expect(ring.find(key, Date.parse(expiresAt))).toMatchObject({ state: "expired" });
  await expect(
    updateKey(database.db, view.id, { expiresAt: "2020-01-01T00:00:00Z" }),
  ).rejects.toMatchObject({ code: "invalid-request", param: "expiresAt" });
  const revoked = await revokeKey(database.db, view.id);
  expect(revoked.state).toBe("revoked");
  expect(await revokeKey(database.db, view.id)).toEqual(revoked);
  await expect(updateKey(database.db, view.id, { name: "x" })).rejects.toMatchObject({
    code: "conflict",
  });
  const after = await readKeyRing(database.db);
  expect(after.find(key)).toEqual({ state: "revoked" });
  expect(after.isEmpty).toBe(false);
});

test("the list has the newest first; the times of use never go backwards", async () => {
  const made = [];
  for (const name of ["first", "second", "third"]) {
    made.push((await createKey(database.db, bodyOf({ name }))).view);
  }
  const [first, second] = made;
  const at = (ms: number) => new Date(1_800_000_000_000 + ms);
  await touchKeys(
    database.db,
    new Map([
      [first?.id ?? "", at(5)],
      [second?.id ?? "", at(7)],
    ]),
  );
  await touchKeys(
    database.db,
    new Map([
      [first?.id ?? "", at(1)],
      [createId(), at(9)],
    ]),
  );
  await touchKeys(database.db, new Map());
  const { keys, total } = await listKeys(database.db);
  expect(total).toBe(3);
  expect(keys.map(({ name, lastUsedAt }) => [name, lastUsedAt])).toEqual([
    ["third", null],
    ["second", at(7).toISOString()],
    ["first", at(5).toISOString()],
  ]);
});

test("a key whose limits a newer version wrote lets nobody in, keeps the door shut, and is listed with what can be read", async () => {
  const { key, view } = await createKey(database.db, bodyOf());
  const limits = {
    ...{ lightYears: 5, tokensPerDay: 7, tokensPerMonth: "many" },
    models: { m: { requestsPerMinute: 1, lightYears: 5 } },
  };
  await database.db.execute(
    sql`update api_keys set limits = ${JSON.stringify(limits)}::text::jsonb where id = ${view.id}`,
  );
  const { keys } = await listKeys(database.db);
  expect(keys.find(({ id }) => id === view.id)?.limits).toEqual({
    tokensPerDay: 7,
    models: { m: { requestsPerMinute: 1 } },
  });
  // Whoever must end it can.
  expect((await updateKey(database.db, view.id, { name: "renamed" })).name).toBe("renamed");
  const ring = await readKeyRing(database.db);
  expect(ring.find(key)).toEqual({ state: "unreadable" });
  expect(ring.isEmpty).toBe(false);
});

test("there are no more keys than a server holds", async () => {
  await database.db.execute(sql`
    insert into api_keys (id, name, prefix, hash, scopes, limits)
    select gen_random_uuid(), 'many', 'pk-parley-' || n, n::text, '{read}', '{}'
    from generate_series(1, ${API_KEYS_MAX}::int) as n`);
  await expect(createKey(database.db, bodyOf())).rejects.toMatchObject({ code: "conflict" });
  await revokeKey(database.db, "pk-parley-99999");
  await createKey(database.db, bodyOf());
});
