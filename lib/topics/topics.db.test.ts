/**
 * Goal: topics hold what battles are about, and nobody's words who did not agree, who took them back, or who could be known.
 * Method: a real database with battles on subjects of the test's own.
 */
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reviews } from "@/lib/db/schema/arena";
import { conversations, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { topicRuns } from "@/lib/db/schema/topics";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createTestBattles, createTestVisitors } from "@/lib/db/testing-battles";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { changeRules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { computeTopics } from "./compute-topics";
import { getTopic, readTopicList } from "./read-topics";

let database: TestDatabase;
const [x, y] = [createId(), createId()];
const signal = new AbortController().signal;
const compute = () => computeTopics(database.db, { signal });
const list = () => readTopicList(database.db);

const COOKING = ["pasta", "tomato", "garlic", "oven", "bread", "sauce"];
const CODING = ["Python", "function", "list", "loop", "pandas", "exception"];
const pick = (words: readonly string[], index: number) =>
  [0, 1, 2]
    .map((step) => words[(index + Math.floor(index / 6) + step) % words.length])
    .join(" and ");

beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.insert(models).values([
    { id: x, name: "org/x", description: {} },
    { id: y, name: "y", description: {} },
  ]);
});
afterAll(() => database.drop());

/** Twenty prompts a subject by so many visitors; every tenth holds an address. */
async function seed(visitorIds: readonly string[], subjects: readonly (readonly string[])[]) {
  return createTestBattles(
    database.db,
    subjects.flatMap((words) =>
      Array.from({ length: 20 }, (_, index) => ({
        prompt: `What about ${pick(words, index)}?${index % 10 === 0 ? " Mail me@example.org." : ""}`,
        visitorId: visitorIds[index % visitorIds.length]!,
        ...{ modelA: x, modelB: y, outcome: index % 4 === 0 ? ("b" as const) : ("a" as const) },
        language: "en",
      })),
    ),
  );
}

test("too few prompts are no topics, and those of visitors who never agreed are none", async () => {
  expect(await list()).toEqual({ sortedAt: null, prompts: 0, topics: [] });
  const silent = await createTestVisitors(database.db, { count: 6, termsVersion: null });
  await seed(silent, [COOKING, CODING]);
  expect(await compute()).toEqual({ outcome: "too-few", prompts: 0 });
  expect(await list()).toMatchObject({ prompts: 0, topics: [], sortedAt: expect.any(String) });
});

test("subjects are told apart, each with its words, examples and board", async () => {
  const asking = await createTestVisitors(database.db, { count: 6 });
  const ids = await seed(asking, [COOKING, CODING]);
  expect(await compute()).toMatchObject({ outcome: "sorted", prompts: 40 });
  const { topics } = await list();
  expect(topics).toHaveLength(2);
  expect(topics.map(({ prompts, votes }) => [prompts, votes])).toEqual([
    [20, 20],
    [20, 20],
  ]);
  const coding = topics.find(({ terms }) => terms.includes("Python"))!;
  const cooking = topics.find(({ terms }) => terms.includes("garlic"))!;
  expect(coding.terms).toEqual(expect.arrayContaining(["pandas"]));
  expect(coding.terms).not.toContain("garlic");
  expect(cooking.name.split(", ")).toHaveLength(3);
  const topic = await getTopic(cooking.id, database.db);
  // One a visitor at most, and no two alike.
  expect(topic.examples.length).toBeGreaterThanOrEqual(5);
  expect(topic.examples.length).toBeLessThanOrEqual(6);
  for (const { text } of topic.examples) expect(text).not.toContain("me@example.org");
  expect(topic.rows.map(({ model, slug, votes, wins }) => [model, slug, votes, wins])).toEqual([
    ["org/x", "org~1x", 20, 15],
    ["y", "y", 20, 5],
  ]);
  await tellNobodyOf("y");
  // What was sorted before it was hidden has no gap in its ranks, and no vote on it comes from then on.
  expect((await getTopic(cooking.id, database.db)).rows.map(({ rank }) => rank)).toEqual([1]);
  await compute();
  expect((await list()).topics.map(({ prompts, votes }) => [prompts, votes])).toEqual([
    [20, 0],
    [20, 0],
  ]);
  await changeRules(database.db, arenaSettingsSchema.parse({}));
  await compute();
  const again = (await list()).topics.find(({ terms }) => terms.includes("garlic"))!;
  // Who takes a conversation back takes its example; who reports one hides it; who is excluded, all.
  const { db } = database;
  await db.delete(conversations).where(eq(conversations.visitorId, asking[0]!));
  await db.update(visitors).set({ standing: "excluded" }).where(eq(visitors.id, asking[1]!));
  await db.insert(reviews).values(
    ids
      .filter((_, index) => (index % 20) % 6 === 2)
      .map((conversationId) => ({
        ...{ kind: "flag" as const, conversationId, visitorId: asking[2]!, evidence: {} },
      })),
  );
  // Of three visitors each, one example at most.
  const left = (await getTopic(again.id, db)).examples.length;
  expect(left).toBeGreaterThanOrEqual(topic.examples.length - 3);
  expect(left).toBeLessThanOrEqual(3);
  expect(await compute()).toMatchObject({ outcome: "too-few", prompts: 18 });
  await expect(getTopic(again.id, db)).rejects.toMatchObject({ code: "not-found" });
});

async function tellNobodyOf(model: string): Promise<void> {
  const rule = { model, isAnonymousOnly: true };
  await changeRules(database.db, arenaSettingsSchema.parse({ sampling: { models: [rule] } }));
}

test("what two visitors alone ask about has no name", async () => {
  const { db } = database;
  await db.delete(conversations);
  const [pair, many] = [
    await createTestVisitors(db, { count: 2 }),
    await createTestVisitors(db, { count: 5 }),
  ];
  await seed(pair, [["zebra", "stripes", "savanna", "Ingrid", "hoof", "herd"]]);
  await seed(many, [COOKING, CODING]);
  expect(await compute()).toMatchObject({ outcome: "sorted", prompts: 60, others: 20 });
  const { topics } = await list();
  expect(topics.flatMap(({ terms }) => terms)).not.toContain("Ingrid");
  expect(topics.reduce((sum, { prompts }) => sum + prompts, 0)).toBe(40);
});

test("one sorting at a time; one that died does not keep others from it, and operators may end them", async () => {
  const { db } = database;
  await db.insert(topicRuns).values({ method: "m", prompts: 0, state: "running" });
  expect(await compute()).toEqual({ outcome: "under-way" });
  await db.update(topicRuns).set({ startedAt: sql`now() - interval '2 hours'` });
  const aborted = AbortSignal.abort(new Error("The process ends."));
  await expect(computeTopics(db, { signal: aborted })).rejects.toThrow("The process ends.");
  expect(await compute()).toMatchObject({ outcome: "sorted" });
  expect(await db.select().from(topicRuns)).toHaveLength(1);
  await changeRules(db, arenaSettingsSchema.parse({ topics: { isOn: false } }));
  expect(await list()).toEqual({ sortedAt: null, prompts: 0, topics: [] });
  expect(await compute()).toEqual({ outcome: "off" });
  expect(await db.select().from(topicRuns)).toEqual([]);
});
