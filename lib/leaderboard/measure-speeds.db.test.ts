/**
 * Goal: served speed tells of nobody's running battle who is in it. Method: a real database, answers as the arena and
 * the usage ledger write them.
 */
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { votes } from "@/lib/db/schema/battles";
import { modelSpeeds } from "@/lib/db/schema/boards";
import { messages } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { usageRecords } from "@/lib/db/schema/usage";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createTestBattles, createTestVisitors } from "@/lib/db/testing-battles";
import { createId } from "@/lib/util/id";
import { measureSpeeds } from "./measure-speeds";

let database: TestDatabase;
const X = { id: createId(), name: "x", description: {} };
const Y = { id: createId(), name: "y", description: {} };
let visitorId: string;
beforeEach(async () => {
  database = await createTestDatabase();
  await database.db.insert(models).values([X, Y]);
  [visitorId = ""] = await createTestVisitors(database.db, { count: 1 });
});
afterEach(() => database.drop());

async function answer(
  owner: string,
  model: string,
  { daysAgo = 0, firstTokenMs = 77.235, tokens = 101 } = {},
): Promise<void> {
  const at = sql`now() - make_interval(days => ${daysAgo})`;
  await database.db.insert(usageRecords).values({
    ...{ id: createId(), owner, model, requestId: "r", asked: model, endpoint: "arena" },
    ...{ outcome: "complete", completionTokens: tokens, firstTokenMs },
    ...{ durationMs: firstTokenMs + 1_234, startedAt: at, updatedAt: at },
  });
}

async function speeds(): Promise<unknown[][]> {
  await measureSpeeds(database.db);
  const rows = await database.db.select().from(modelSpeeds).orderBy(modelSpeeds.model);
  return rows.map((row) => [row.model, row.firstTokenMs, row.tokensPerSecond, row.answers]);
}

const battle = () => ({ prompt: "q", visitorId, modelA: X.id, modelB: Y.id });

test("speeds are medians of two digits", async () => {
  await answer("key:a", "x", { tokens: 101 });
  await answer("key:a", "y", { firstTokenMs: 1_234.5, tokens: 8 });
  await answer("key:b", "y", { firstTokenMs: 0, tokens: 8 });
  expect(await speeds()).toEqual([
    ["x", 77, 81, 1],
    ["y", 620, null, 2],
  ]);
});

test("answers of a battle count once its names are told", async () => {
  const [conversationId = ""] = await createTestBattles(database.db, [battle()]);
  for (const { name } of [X, Y]) await answer(`visitor:${visitorId}`, name);
  expect(await speeds()).toEqual([]);
  const battles = await database.db.execute<{ id: string }>(sql`select id from battles`);
  const answers = await database.db.select().from(messages).orderBy(messages.side);
  const [a, b] = ["a", "b"].map((side) => answers.find((it) => it.side === side)?.id ?? "");
  await database.db.insert(votes).values({
    ...{ battleId: battles[0]?.id ?? "", conversationId, visitorId, outcome: "a", blind: true },
    ...{ answerAId: a ?? "", answerBId: b ?? "" },
  });
  expect(await speeds()).toHaveLength(2);
});

test("what others are answered meanwhile counts at once, and so does who talks to a chosen model later", async () => {
  await createTestBattles(database.db, [battle()]);
  await database.db.execute(sql`update messages set created_at = now() - interval '1 hour',
    updated_at = now() - interval '59 minutes'`);
  await answer(`visitor:${visitorId}`, "x");
  await answer(`visitor:${createId()}`, "y");
  expect((await speeds()).map(([model]) => model)).toEqual(["x", "y"]);
});

test("an answer that is still written is nobody's, however long ago it began", async () => {
  await createTestBattles(database.db, [battle()]);
  await database.db.execute(sql`update messages set created_at = now() - interval '1 hour',
    updated_at = now() - interval '59 minutes', status = 'streaming' where role = 'assistant'`);
  await answer(`visitor:${visitorId}`, "x");
  expect(await speeds()).toEqual([]);
});

test("battles that nobody voted on, and another Parley's, count when the day after theirs has ended", async () => {
  await createTestBattles(database.db, [battle()]);
  // The row of the battle is of today; what was answered on other days is no part of it.
  await answer("parent", "x", { daysAgo: 1 });
  expect(await speeds()).toEqual([]);
  await answer("parent", "x", { daysAgo: 2 });
  await answer(`visitor:${visitorId}`, "y", { daysAgo: 2 });
  expect((await speeds()).map(([model]) => model)).toEqual(["x", "y"]);
});
