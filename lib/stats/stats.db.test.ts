/**
 * Goal: days of the site are counted as they were, outlive what they were counted from, and tell of nobody.
 * Method: a real database with rows as the arena writes them, on days of the test's own.
 */
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { STATS_DAYS_A_RUN_MAX, STATS_TODAY_AGE_MS } from "@/lib/arena-limits";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, votes } from "@/lib/db/schema/battles";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { usageDays } from "@/lib/db/schema/usage";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { createId } from "@/lib/util/id";
import { LiveDays, readSiteStats } from "./read-site-stats";
import { sumDays } from "./sum-days";

let database: TestDatabase;
const [x, y] = [createId(), createId()];
beforeEach(async () => {
  database = await createTestDatabase();
  await database.db.insert(models).values([
    { id: x, name: "x", description: {} },
    { id: y, name: "y", description: {} },
  ]);
});
afterEach(() => database.drop());

const NOW = new Date("2026-03-02T12:00:00Z");

/** One visitor who votes in so many battles in one language at a moment. */
async function visit(
  at: string,
  {
    language,
    battles: count = 1,
    outcome = "a",
    asks = false,
  }: {
    asks?: boolean;
    language?: string;
    battles?: number;
    outcome?: "a" | "b" | "tie" | "both-bad";
  } = {},
): Promise<string> {
  const { db } = database;
  const id = () => createId(Date.parse(at));
  const [visitorId, voter] = [id(), crypto.randomUUID()];
  await db.insert(visitors).values({ id: visitorId, voter });
  if (asks) {
    const conversationId = id();
    await db
      .insert(conversations)
      .values({ id: conversationId, visitorId, kind: "chat", modelId: x });
    await db.insert(messages).values({ id: id(), conversationId, role: "user", content: "q" });
  }
  for (let battle = 0; battle < count; battle++) {
    const [conversationId, battleId, promptId, answerAId, answerBId, voteId] = [
      ...[id(), id(), id(), id(), id(), id()],
    ] as [string, string, string, string, string, string];
    await db.insert(conversations).values({ id: conversationId, visitorId, kind: "battle" });
    const pair = { modelAId: x, modelBId: y, pairProbability: 0.5 };
    await db.insert(battles).values({
      ...{ id: battleId, conversationId, conversationKind: "battle" },
      ...{ ...pair, drawMethod: "uniform" },
    });
    await db.insert(messages).values({
      id: promptId,
      conversationId,
      role: "user",
      content: "q",
      createdAt: new Date(at),
    });
    const answer = { conversationId, parentId: promptId, role: "assistant", status: "stopped" };
    await db.insert(messages).values([
      { ...answer, id: answerAId, side: "a", modelId: x },
      { ...answer, id: answerBId, side: "b", modelId: y },
    ] as (typeof messages.$inferInsert)[]);
    const ids = { battleId, conversationId, visitorId, answerAId, answerBId };
    await db.insert(votes).values({ id: voteId, ...ids, outcome, blind: true });
    await db.insert(ballots).values({
      ...{ id: voteId, voter, ...pair, outcome, turn: 1, counted: true },
      language: language ?? null,
    });
  }
  return visitorId;
}

const read = (days = 3, now = NOW, live = new LiveDays()) =>
  readSiteStats({ days }, { db: database.db, now, live });

test("a site without a word has days without numbers", async () => {
  const { days, languages, outcomes } = await read();
  expect(days.map(({ day }) => day)).toEqual(["2026-02-28", "2026-03-01", "2026-03-02"]);
  expect(days[2]).toEqual({ day: "2026-03-02", calls: 0, battles: 0, votes: 0, visitors: 0 });
  expect([languages, outcomes]).toEqual([[], { a: 0, b: 0, tie: 0, bothBad: 0 }]);
  expect(await sumDays({ now: NOW }, database.db)).toBe(0);
});

test("what is on either side of midnight in UTC is of two days, and imported votes are of none", async () => {
  for (let visitor = 0; visitor < 5; visitor++) {
    await visit("2026-03-01T23:59:59.999Z", { language: "de", outcome: "b" });
    await visit("2026-03-02T00:00:00.000Z", { language: "en", battles: 2 });
  }
  await database.db.insert(usageDays).values(
    ["key:a", "key:b", "anonymous", "visitor:a", "visitor:b"].map((owner) => ({
      ...{ day: "2026-03-01", owner, model: "x", endpoint: "arena", requests: 2 },
    })),
  );
  await database.db.insert(ballots).values({
    ...{ id: createId(NOW.getTime()), voter: createId(), modelAId: x, modelBId: y, outcome: "b" },
    ...{ pairProbability: 0.5, turn: 1, counted: true, language: "fr" },
  });
  const expected = {
    days: [
      { day: "2026-03-01", calls: 10, battles: 5, votes: 5, visitors: 5 },
      { day: "2026-03-02", calls: 0, battles: 10, votes: 10, visitors: 5 },
    ],
    languages: [
      { language: "en", days: [0, 10] },
      { language: "de", days: [5, 0] },
    ],
    outcomes: { a: 10, b: 5, tie: 0, bothBad: 0 },
  };
  expect(await read(2)).toEqual(expected);
  expect(await sumDays({ now: NOW }, database.db)).toBe(1);
  expect(await read(2)).toEqual(expected);
});

test("what few people did is not told, however often they did it", async () => {
  await visit("2026-03-01T10:00:00Z", { language: "en", battles: 30 });
  await database.db.insert(usageDays).values({
    ...{ day: "2026-03-01", owner: "key:a", model: "x", endpoint: "arena", requests: 600 },
  });
  const few = {
    days: [{ day: "2026-03-01", calls: null, battles: null, votes: null, visitors: null }],
    languages: [{ language: "other", days: [null] }],
    outcomes: { a: 0, b: 0, tie: 0, bothBad: 0 },
  };
  const readDay = () => read(1, new Date("2026-03-01T12:00:00Z"));
  expect(await readDay()).toEqual(few);
  // Five who asked and did not vote change nothing of it.
  for (let visitor = 0; visitor < 5; visitor++)
    await visit("2026-03-01T11:00:00Z", { battles: 0, asks: true });
  expect(await readDay()).toEqual({ ...few, days: [{ ...few.days[0], visitors: 6 }] });
});

test("few are told only to be some, and a rare language is nobody's", async () => {
  for (let visitor = 0; visitor < 5; visitor++)
    await visit("2026-03-01T10:00:00Z", { language: "en" });
  // Many votes of one person are one person's all the same.
  await visit("2026-03-01T10:00:00Z", { language: "is", battles: 6, outcome: "tie" });
  await visit("2026-03-01T10:00:00Z", {});
  await visit("2026-03-02T10:00:00Z", { language: "en", battles: 3 });
  const { days, languages, outcomes } = await read(2);
  expect(days).toEqual([
    { day: "2026-03-01", calls: 0, battles: 12, votes: 12, visitors: 7 },
    { day: "2026-03-02", calls: 0, battles: null, votes: null, visitors: null },
  ]);
  expect(languages).toEqual([
    // Those of five are with them: what is left of all votes would be those of two people.
    { language: "other", days: [12, null] },
  ]);
  // Sums are of what is told: the difference of two of them would tell the rest.
  expect(outcomes).toEqual({ a: 6, b: 0, tie: 6, bothBad: 0 });
  for (let visitor = 0; visitor < 3; visitor++)
    await visit("2026-03-01T12:00:00Z", { language: "fr" });
  expect((await read(2)).languages).toEqual([
    { language: "en", days: [5, 0] },
    { language: "other", days: [10, null] },
  ]);
  await sumDays({ now: NOW }, database.db);
  const stored = await database.db.execute(sql`select what from site_days`);
  expect(stored.map(({ what }) => what)).not.toContain("language:is");
});

test("sums stay when those go of whom they were made", async () => {
  for (let visitor = 0; visitor < 6; visitor++)
    await visit("2026-02-27T10:00:00Z", { language: "en" });
  // The day of the newest rows is not over.
  expect(await sumDays({ now: new Date("2026-02-28T00:01:00Z") }, database.db)).toBe(0);
  expect(await sumDays({ now: NOW }, database.db)).toBe(3);
  const before = await read(5);
  expect(before.days[1]).toMatchObject({ battles: 6, votes: 6, visitors: 6 });
  await emptyTables(database.db, "conversations");
  expect(await sumDays({ now: NOW }, database.db)).toBe(0);
  expect(await read(5)).toEqual(before);
});

test("a long past is summed in turns", async () => {
  await visit("2025-01-01T10:00:00Z");
  expect(await sumDays({ now: NOW }, database.db)).toBe(STATS_DAYS_A_RUN_MAX);
  const stop = AbortSignal.abort();
  await expect(sumDays({ now: NOW, signal: stop }, database.db)).rejects.toThrow();
  expect(await sumDays({ now: NOW }, database.db)).toBe(STATS_DAYS_A_RUN_MAX);
});

test("today is counted once a minute, whoever asks", async () => {
  let nowMs = 0;
  const live = new LiveDays(() => nowMs);
  const votesNow = async () => (await read(1, NOW, live)).days[0]?.votes;
  expect(await votesNow()).toBe(0);
  for (let visitor = 0; visitor < 5; visitor++) await visit("2026-03-02T10:00:00Z");
  expect(await votesNow()).toBe(0);
  nowMs += STATS_TODAY_AGE_MS + 1;
  expect(await votesNow()).toBe(5);
});
