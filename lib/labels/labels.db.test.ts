/**
 * Goal: prompts that may be read are, once each, cut to length; what cannot be read is asked twice and left; boards hear of it.
 * Method: a real database, and in the model's place answers of the test's own.
 */
import { eq, isNull } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ballots } from "@/lib/db/schema/ballots";
import { conversations } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createTestBattles, createTestVisitors } from "@/lib/db/testing-battles";
import { AppError } from "@/lib/errors";
import { LABEL_CHARACTERS_MAX } from "@/lib/label-limits";
import { markPrompts } from "@/lib/rating/prompt-marks";
import { HARD_SIGNALS } from "@/lib/vote-categories";
import { compareLabels } from "./compare-labels";
import { type AskLabeller, labelBallots } from "./label-ballots";
import { LABEL_REPLY, toLabels } from "./label-reply";
import { countUnlabelled } from "./store";

let database: TestDatabase;
const signal = new AbortController().signal;
const [x, y] = ["01930000-0000-7000-8000-000000000001", "01930000-0000-7000-8000-000000000002"];
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.insert(models).values([
    { id: x, name: "x", description: {} },
    { id: y, name: "y", description: {} },
  ]);
});
afterAll(() => database.drop());

const criteria = (count: number) =>
  Object.fromEntries(HARD_SIGNALS.map((it, index) => [it, index < count]));
const reply = (said: object, hard = 0) =>
  JSON.stringify({
    ...criteria(hard),
    ...{ coding: false, math: false, creativeWriting: false, constraints: 0 },
    ...said,
  });
const side = { tokens: 1, characters: 1, headers: 0, lists: 0, bold: 0, codeBlocks: 0 };
const seed = async (prompts: readonly string[], termsVersion: string | null = "1") => {
  const [visitorId = ""] = await createTestVisitors(database.db, { count: 1, termsVersion });
  return createTestBattles(
    database.db,
    prompts.map((prompt) => ({
      ...{ prompt, visitorId, modelA: x, modelB: y, outcome: "a" as const },
      facts: {
        ...{ version: 2, a: { ...side, isRefusal: false }, b: { ...side, isRefusal: false } },
        prompt: markPrompts([prompt]),
      },
    })),
  );
};

test("replies are read by what they say", () => {
  expect(toLabels(reply({}))).toEqual([]);
  expect(
    toLabels(`Sure:\n\`\`\`json\n${reply({ coding: true, constraints: 4 }, 6)}\n\`\`\``),
  ).toEqual([...["hard", "coding", "instruction-following"]]);
  expect(toLabels(reply({ math: true, creativeWriting: true, constraints: 3 }, 5))).toEqual([
    ...["math", "creative"],
  ]);
  for (const bad of ["", "no", "{", reply({ coding: "yes" }), reply({ constraints: 9 }), "{}"]) {
    expect(toLabels(bad)).toBeUndefined();
  }
  expect(LABEL_REPLY).toMatchObject({
    ...{ type: "object", additionalProperties: false },
    required: [...HARD_SIGNALS, "coding", "math", "creativeWriting", "constraints"],
  });
});

test("each prompt is asked for once, twice where it was not understood, and others not at all", async () => {
  const { db } = database;
  const ids = await seed(["Write a Python loop", "What is 2 + 2?", "mumble", "x".repeat(20_000)]);
  await seed(["private"], null);
  const [gone = ""] = await seed(["deleted"]);
  await db.delete(conversations).where(eq(conversations.id, gone));
  expect(ids).toHaveLength(4);
  expect(await countUnlabelled(db, undefined)).toBe(4);
  expect(await countUnlabelled(db, new Date(Date.now() + 60_000))).toBe(0);
  const asked: { prompt: string; attempt: number }[] = [];
  const ask: AskLabeller = async ({ prompt, attempt }) => {
    asked.push({ prompt, attempt });
    if (prompt.startsWith("x")) throw new AppError("context-length-exceeded", { message: "long" });
    if (prompt === "mumble") return "I would rather chat.";
    return reply({ coding: prompt.includes("Python"), creativeWriting: prompt.includes("2") });
  };
  expect(await labelBallots(db, ask, { limit: 100, signal })).toEqual({
    ...{ labelled: 2, unreadable: 2 },
  });
  expect(asked.filter(({ prompt }) => prompt === "mumble").map((it) => it.attempt)).toEqual([0, 1]);
  expect(asked.map(({ prompt }) => prompt)).not.toContain("private");
  expect(Math.max(...asked.map(({ prompt }) => prompt.length))).toBe(LABEL_CHARACTERS_MAX);
  // Nothing is asked twice.
  expect(await labelBallots(db, ask, { limit: 100, signal })).toEqual({
    ...{ labelled: 0, unreadable: 0 },
  });
  const { ballots: compared, categories } = await compareLabels(db);
  expect(compared).toBe(2);
  const of = (category: string) => categories.find((it) => it.category === category);
  expect(of("coding")).toMatchObject({ both: 1, rulesOnly: 0, labelsOnly: 0, neither: 1 });
  expect(of("math")).toMatchObject({ both: 0, rulesOnly: 1, labelsOnly: 0, neither: 1 });
  expect(of("creative")).toMatchObject({ both: 0, rulesOnly: 0, labelsOnly: 1, neither: 1 });
});

test("a model that is away ends the run with what was done kept, and a limit is one", async () => {
  const { db } = database;
  await seed(["one", "two", "three"]);
  const away: AskLabeller = async () => {
    throw new AppError("no-worker", { message: "Nobody serves it." });
  };
  await expect(labelBallots(db, away, { limit: 9, signal })).rejects.toMatchObject({
    code: "no-worker",
  });
  expect(await countUnlabelled(db, undefined)).toBe(3);
  const before = await db
    .select({ changedIn: ballots.changedIn })
    .from(ballots)
    .where(isNull(ballots.labels));
  expect(await labelBallots(db, async () => reply({}), { limit: 2, signal })).toMatchObject({
    labelled: 2,
  });
  expect(await countUnlabelled(db, undefined)).toBe(1);
  // Boards read what changed since by this.
  const after = await db.select({ changedIn: ballots.changedIn }).from(ballots);
  const newest = (rows: typeof after) =>
    rows.map(({ changedIn }) => BigInt(changedIn)).sort((a, b) => (a < b ? 1 : -1))[0]!;
  expect(newest(after)).toBeGreaterThan(newest(before));
});
