/** Goal: two operators never overwrite each other, and what was changed can be read back. Method: a real database. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ballots, publicLog } from "@/lib/db/schema/ballots";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { createId } from "@/lib/util/id";
import { editRules, readRulesHistory, readVersionedRules } from "./edit-rules";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

type Settings = Parameters<typeof arenaSettingsSchema.parse>[0];

async function edit(settings: Settings, version?: string | null) {
  const { db } = database;
  const at = version === undefined ? (await readVersionedRules(db)).version : version;
  return editRules({ version: at, settings: arenaSettingsSchema.parse(settings) }, db);
}

test("of many changes of the same rules at once one is stored, and the others are told", async () => {
  const { db } = database;
  expect(await readVersionedRules(db)).toEqual({
    ...{ version: null, settings: DEFAULT_ARENA_SETTINGS },
  });
  const attempts = await Promise.allSettled(
    Array.from({ length: 5 }, (_, at) => edit({ integrity: { votesPerPromptMax: at } }, null)),
  );
  const failures = attempts.flatMap((it) => (it.status === "rejected" ? [it.reason] : []));
  expect(failures).toHaveLength(4);
  for (const error of failures) expect(error).toMatchObject({ code: "conflict" });
  const { version } = await readVersionedRules(db);
  await expect(edit({}, createId())).rejects.toMatchObject({ code: "conflict" });
  expect((await readVersionedRules(db)).version).toBe(version);
});

test("what changes nothing is not stored, and what is wrong neither", async () => {
  const before = await readVersionedRules(database.db);
  expect(await edit(before.settings)).toBe(before.version);
  await expect(edit({ moderation: { judge: "endpoint" } })).rejects.toMatchObject({
    ...{ code: "invalid-request", param: "moderation.endpoint.url" },
  });
  expect(await readVersionedRules(database.db)).toEqual(before);
});

test("the history tells each change once, the newest first", async () => {
  await edit({ pace: { isFair: false } });
  await edit({});
  const [last, middle, first] = await readRulesHistory(database.db);
  expect(last?.changes).toEqual([{ rule: "pace.isFair", before: "false", after: "true" }]);
  expect(middle?.changes).toContainEqual({ rule: "pace.isFair", before: "true", after: "false" });
  // Compared with the defaults, before which nothing was stored.
  expect(first?.changes).toEqual([
    { rule: "integrity.votesPerPromptMax", before: "50", after: expect.stringMatching(/^[0-4]$/) },
  ]);
});

test("a model that is named from now on is entered in the public log, with its votes", async () => {
  const { db } = database;
  await edit({});
  await db.delete(publicLog);
  const [x = "", y = ""] = ["x", "y"].map(() => createId());
  await db.insert(models).values([
    { id: x, name: "x", description: {} },
    { id: y, name: "y", description: {} },
  ]);
  const vote = (counted: boolean) => ({
    ...{ id: createId(), voter: createId(), modelAId: y, modelBId: x, outcome: "a" as const },
    ...{ pairProbability: 0.5, turn: 1, counted, uncountedReason: counted ? null : "too-early" },
  });
  await db.insert(ballots).values([vote(true), vote(true), vote(false)] as never);
  await edit({ sampling: { models: [{ model: "x", isAnonymousOnly: true }] } });
  expect(await db.select().from(publicLog)).toEqual([]);
  await edit({ sampling: { models: [{ model: "x", isAnonymousOnly: true, weight: 2 }] } });
  expect(await db.select().from(publicLog)).toEqual([]);
  await edit({});
  expect(await db.select().from(publicLog)).toMatchObject([
    {
      kind: "rules-changed",
      ballots: 2,
      message: expect.stringMatching(/^Until now x .* 2 votes/),
    },
  ]);
});

test("a change of the rules that boards are made by is told in public, without what they say", async () => {
  const { db } = database;
  await db.delete(publicLog);
  await edit({
    pace: { charactersPerSecondMin: 99 },
    sampling: { models: [{ model: "y", weight: 3 }] },
  });
  await edit({ pace: { charactersPerSecondMin: 99 }, terms: { version: "2", text: "New." } });
  const entries = await db.select().from(publicLog).orderBy(publicLog.createdAt);
  expect(entries.map(({ kind, message, ballots }) => ({ kind, message, ballots }))).toEqual(
    [
      "the pace at which answers are shown; how often single models are drawn",
      "how often single models are drawn",
    ].map((subjects) => ({
      ...{ kind: "rules-changed", ballots: 0 },
      message: `Whoever keeps this arena changed its rules: ${subjects}. Votes cast before stay as they were judged.`,
    })),
  );
});
