/** Goal: a visitor finds, names and deletes what is theirs and nothing else, and a blind battle stays blind. Method: rows in a real database. */
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reviews } from "@/lib/db/schema/arena";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, votes } from "@/lib/db/schema/battles";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { feedback, usageRecords } from "@/lib/db/schema/usage";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createId } from "@/lib/util/id";
import { type Book, createBook } from "./__fixtures__/book";
import { deleteConversation, deleteEverything, renameConversation } from "./edit-conversation";
import { listConversations } from "./list-conversations";

let database: TestDatabase;
let book: Book;
beforeAll(async () => {
  database = await createTestDatabase();
  book = await createBook(database.db);
});
afterAll(() => database.drop());

const list = (visitorId: string, query?: string, cursor?: string) =>
  listConversations(database, { visitorId, query, cursor });
const titles = async (visitorId: string, query?: string) =>
  (await list(visitorId, query)).conversations.map(({ title }) => title);

test("the newest first, page by page, each once, also where many are of one moment", async () => {
  const visitorId = await book.visitor();
  const asked: string[] = [];
  for (let index = 0; index < 65; index++) {
    asked.unshift(await book.chat(visitorId, [`question ${index}`, "answer"]));
  }
  await database.db
    .update(conversations)
    .set({ updatedAt: sql`date_trunc('hour', now()) + interval '1.234567 seconds'` })
    .where(eq(conversations.visitorId, visitorId));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(visitorId, undefined, cursor);
    seen.push(...page.conversations.map(({ id }) => id));
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  expect(new Set(seen)).toEqual(new Set(asked));
  expect(seen).toHaveLength(asked.length);
  for (const wrong of ["x", "", "MTIzLng", Buffer.from("1.2.3").toString("base64url")]) {
    await expect(list(visitorId, undefined, wrong)).rejects.toMatchObject({ param: "cursor" });
  }
});

test("a search finds words in prompts, answers and titles, the last one unfinished, and marks them", async () => {
  const visitorId = await book.visitor();
  const foxes = await book.chat(visitorId, ["Tell me about foxes", "The red fox is <b>shy</b>."]);
  await book.chat(visitorId, ["日本の首都はどこ?", "東京です。"]);
  const named = await book.chat(visitorId, ["x => x + 1", "It adds 50 % of 2."]);
  await renameConversation(database, { conversationId: named, visitorId, title: "Lambda notes" });

  const found = (await list(visitorId, "red fo")).conversations;
  expect(found.map(({ id }) => id)).toEqual([foxes]);
  const excerpt = found[0]?.excerpt ?? [];
  expect(excerpt.filter(({ isHit }) => isHit).map(({ text }) => text)).toEqual(["red", "fox"]);
  expect(await titles(visitorId, "FOXES")).toHaveLength(1);
  expect(await titles(visitorId, "fox -shy")).toEqual([]);
  expect(await titles(visitorId, '"fox is"')).toHaveLength(1);
  expect(await titles(visitorId, '"is fox"')).toEqual([]);
  expect(await titles(visitorId, "nothing or fox")).toHaveLength(1);
  expect(await titles(visitorId, "lambda")).toEqual(["Lambda notes"]);
  expect(await titles(visitorId, "首都")).toHaveLength(1);
  expect(await titles(visitorId, "=>")).toEqual(["Lambda notes"]);
  for (const odd of ["' | !", "\\", "%", "a & (b | ", ":*", '"', "fox:*", "-", "or", "<->"]) {
    await expect(list(visitorId, odd)).resolves.toBeDefined();
  }
  expect(await titles(await book.visitor(), "fox")).toEqual([]);
});

test("a blind battle names nobody, and an answer that is being written is not searched", async () => {
  const visitorId = await book.visitor();
  const battle = await book.battle(visitorId, { prompt: "Who is it?", a: "zebra", b: "lion" });
  const [item] = (await list(visitorId)).conversations;
  expect(item).toMatchObject({ kind: "battle", title: "Who is it?", models: [], isRunning: false });
  expect(JSON.stringify(item)).not.toMatch(/book\/(?:one|two)/);
  expect(await titles(visitorId, "zebra")).toHaveLength(1);

  await database.db
    .update(messages)
    .set({ status: "streaming", updatedAt: sql`now()` })
    .where(eq(messages.id, battle.b));
  expect(await titles(visitorId, "zebra")).toEqual([]);
  expect(await titles(visitorId, "who")).toHaveLength(1);
  expect((await list(visitorId)).conversations[0]?.isRunning).toBe(true);

  await database.db.update(messages).set({ status: "stopped" }).where(eq(messages.id, battle.b));
  await book.vote(visitorId, battle);
  expect((await list(visitorId)).conversations[0]?.models).toEqual(["book/one", "book/two"]);
});

test("a stranger can neither name nor delete; a name can be taken back", async () => {
  const visitorId = await book.visitor();
  const conversationId = await book.chat(visitorId, ["first words", "ok"]);
  for (const stranger of [await book.visitor(), createId()]) {
    const by = { conversationId, visitorId: stranger };
    await expect(renameConversation(database, { ...by, title: "x" })).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(deleteConversation(database, by)).rejects.toMatchObject({ code: "not-found" });
  }
  const by = { conversationId, visitorId };
  expect((await renameConversation(database, { ...by, title: "Mine" })).title).toBe("Mine");
  expect((await renameConversation(database, { ...by, title: null })).title).toBe("first words");
  await expect(
    deleteConversation(database, { conversationId: "../x", visitorId }),
  ).rejects.toMatchObject({ code: "not-found" });
});

test("what is deleted is gone with all that hangs on it, and the ballot stays", async () => {
  const visitorId = await book.visitor();
  const battle = await book.battle(visitorId, { prompt: "p", a: "x", b: "y" });
  await book.vote(visitorId, battle);
  const kept = await book.chat(visitorId, ["keep me", "yes"]);
  const before = await database.db.$count(ballots);
  const evidence = { prompt: "what I said" };
  const waiting = { conversationId: battle.id, visitorId, messageId: battle.a, evidence };
  await database.db.insert(reviews).values([
    { ...waiting, kind: "flag" },
    { ...waiting, kind: "moderation", state: "upheld" },
  ]);
  await deleteConversation(database, { conversationId: battle.id, visitorId });
  const { db } = database;
  expect(await db.$count(messages, eq(messages.conversationId, battle.id))).toBe(0);
  expect(await db.$count(battles, eq(battles.conversationId, battle.id))).toBe(0);
  expect(await db.$count(votes, eq(votes.conversationId, battle.id))).toBe(0);
  expect(await db.$count(ballots)).toBe(before);
  expect(await db.$count(reviews, eq(reviews.visitorId, visitorId))).toBe(0);
  expect((await list(visitorId)).conversations.map(({ id }) => id)).toEqual([kept]);
});

test("deleting everything leaves no row that says whose it was", async () => {
  const visitorId = await book.visitor();
  const other = await book.visitor();
  await book.chat(other, ["not mine", "ok"]);
  const battle = await book.battle(visitorId, { prompt: "p", a: "x", b: "y" });
  await book.vote(visitorId, battle);
  await book.chat(visitorId, ["a", "b"]);
  await book.usage(visitorId);
  await database.db.insert(reviews).values([
    { kind: "moderation", visitorId, evidence: { words: "what I said" } },
    { kind: "anomaly", visitorId, evidence: { votes: 5 } },
  ]);
  expect(await deleteEverything(database, { visitorId })).toEqual({ conversations: 2 });
  const { db } = database;
  expect(await db.$count(visitors, eq(visitors.id, visitorId))).toBe(0);
  expect(await db.$count(conversations, eq(conversations.visitorId, visitorId))).toBe(0);
  for (const table of [usageRecords, feedback]) {
    expect(await db.$count(table, eq(table.owner, `visitor:${visitorId}`))).toBe(0);
    expect(await db.$count(table, eq(table.owner, "visitor:gone"))).toBeGreaterThan(0);
  }
  expect(await db.select().from(reviews)).toMatchObject([{ kind: "anomaly", visitorId: null }]);
  expect((await list(other)).conversations).toHaveLength(1);
  // Once more, and for somebody who never was.
  expect(await deleteEverything(database, { visitorId })).toEqual({ conversations: 0 });
});
