/** Goal: what is published is what was seen, without personal data, and goes when it is taken back; exports lose nothing and tell nothing of a blind battle. Method: rows in a real database. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Arena } from "@/lib/arena/arena";
import { shares } from "@/lib/db/schema/arena";
import { conversations, messages } from "@/lib/db/schema/conversations";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { createId } from "@/lib/util/id";
import { Controller } from "../controller/controller";
import { type Book, createBook } from "./__fixtures__/book";
import { deleteConversation } from "./edit-conversation";
import { exportConversation, exportEverything } from "./export-conversation";
import { createShare, previewShare, readShare, revokeShare } from "./shares";

let database: TestDatabase;
let book: Book;
let arena: Arena;
beforeAll(async () => {
  database = await createTestDatabase();
  book = await createBook(database.db);
  // A reveal's prices are read by way of the process's own catalog.
  Object.assign(env(), { DATABASE_URL: database.url });
  const controller = new Controller({ db: database.db });
  const rules = { get: async () => DEFAULT_ARENA_SETTINGS };
  arena = new Arena({ db: database.db, controller, rules });
});
afterAll(() => database.drop());

async function publish(by: { conversationId: string; visitorId: string }, mayBeFound = false) {
  const { digest } = await previewShare(arena, by);
  return createShare(arena, { ...by, digest, mayBeFound });
}

test("a chat is published without personal data, as it was then, and revoked with its words", async () => {
  const visitorId = await book.visitor();
  const conversationId = await book.chat(visitorId, [
    "I am jane@doe.org, call +49 151 23456789",
    "Hello <b>jane@doe.org</b>",
  ]);
  const by = { conversationId, visitorId };
  const preview = await previewShare(arena, by);
  expect(preview.removed).toEqual([
    { kind: "email", count: 2 },
    { kind: "phone", count: 1 },
  ]);
  const { id } = await publish(by, true);
  const [row] = await database.db.select().from(shares).where(eq(shares.id, id));
  expect(JSON.stringify(row)).not.toMatch(/jane|2345/);
  expect(await readShare(arena, id)).toMatchObject({
    mayBeFound: true,
    conversation: { ...preview.conversation, models: ["book/one"], kind: "chat" },
  });

  await book.say(conversationId, { role: "user", content: "later words", parentId: null });
  expect(JSON.stringify(await readShare(arena, id))).not.toContain("later words");
  expect((await previewShare(arena, by)).shares.map((it) => it.id)).toEqual([id]);

  for (const stranger of [await book.visitor(), createId()]) {
    await expect(revokeShare(arena, { id, visitorId: stranger })).rejects.toMatchObject({
      code: "not-found",
    });
  }
  await revokeShare(arena, { id, visitorId });
  await expect(readShare(arena, id)).rejects.toMatchObject({ code: "not-found" });
  await expect(revokeShare(arena, { id, visitorId })).rejects.toMatchObject({ code: "not-found" });
  const [after] = await database.db.select().from(shares).where(eq(shares.id, id));
  expect(after?.content).toEqual({});
  for (const wrong of ["", "x", `${id}'`, "../../etc", "a".repeat(24)]) {
    await expect(readShare(arena, wrong)).rejects.toMatchObject({ code: "not-found" });
  }
});

test("what changed since the preview is not published; neither is what somebody else said", async () => {
  const visitorId = await book.visitor();
  const conversationId = await book.chat(visitorId, ["one", "two"]);
  const by = { conversationId, visitorId };
  const { digest } = await previewShare(arena, by);
  await book.say(conversationId, { role: "user", content: "three", parentId: null });
  await expect(createShare(arena, { ...by, digest, mayBeFound: false })).rejects.toMatchObject({
    code: "conflict",
    param: "digest",
  });
  const stranger = { conversationId, visitorId: await book.visitor() };
  await expect(previewShare(arena, stranger)).rejects.toMatchObject({ code: "not-found" });
});

test("a battle is published once it was voted on, with both names and the vote", async () => {
  const visitorId = await book.visitor();
  const battle = await book.battle(visitorId, { prompt: "p", a: "x", b: "y" });
  const by = { conversationId: battle.id, visitorId };
  const refused = await previewShare(arena, by).catch((error: Error) => error);
  expect(refused).toMatchObject({
    code: "conflict",
    message: expect.stringMatching(/^Vote first/),
  });
  await book.vote(visitorId, battle);
  const { conversation } = await previewShare(arena, by);
  expect(conversation).toMatchObject({
    models: ["book/one", "book/two"],
    turns: [
      {
        answers: [
          { side: "a", model: "book/one", content: "x" },
          { side: "b", model: "book/two", content: "y" },
        ],
        vote: { outcome: "a", reasons: ["clear"], blind: true },
      },
    ],
  });
  const { id } = await publish(by);
  await deleteConversation(arena, by);
  await expect(readShare(arena, id)).rejects.toMatchObject({ code: "not-found" });
});

test("an answer that is being written waits; a branch is published by its last answer", async () => {
  const visitorId = await book.visitor();
  const conversationId = await book.chat(visitorId, ["first", "one"]);
  const by = { conversationId, visitorId };
  const [prompt] = await database.db
    .select()
    .from(messages)
    .where(eq(messages.conversationId, conversationId));
  const parentId = prompt?.id ?? "";
  const again = await book.say(conversationId, { role: "assistant", parentId, content: "two" });
  const follow = await book.say(conversationId, { role: "user", parentId: again, content: "on" });
  const last = await book.say(conversationId, {
    ...{ role: "assistant" as const, parentId: follow, content: "three" },
  });
  const words = async (leafId?: string) =>
    (await previewShare(arena, { ...by, leafId })).conversation.turns.map((it) => [
      it.prompt,
      it.answers[0]?.content,
    ]);
  const newest = [
    ["first", "two"],
    ["on", "three"],
  ];
  expect(await words()).toEqual(newest);
  expect(await words(last)).toEqual(newest);
  expect(await words(again)).toEqual([["first", "two"]]);
  await expect(words(createId())).rejects.toMatchObject({ param: "leafId" });
  await database.db.update(messages).set({ status: "streaming" }).where(eq(messages.id, last));
  await expect(words()).rejects.toMatchObject({ code: "conflict" });
});

test("so many links a conversation, also when all are asked for at once", async () => {
  const visitorId = await book.visitor();
  const by = { conversationId: await book.chat(visitorId, ["one", "two"]), visitorId };
  const all = await Promise.allSettled(Array.from({ length: 13 }, () => publish(by)));
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  const [first] = (await previewShare(arena, by)).shares;
  await revokeShare(arena, { id: first?.id ?? "", visitorId });
  await expect(publish(by)).resolves.toMatchObject({ mayBeFound: false });
});

test("exports hold every branch, no HTML in Markdown, and of a blind battle no names", async () => {
  const visitorId = await book.visitor();
  const chatId = await book.chat(visitorId, ["a <script>x</script>", "b <img src=x> `<i>`"]);
  await book.say(chatId, { role: "user", content: "otherwise", parentId: null });
  const md = await exportConversation(arena, { conversationId: chatId, visitorId, format: "md" });
  expect(md).toMatchObject({ name: "parley-a-script-x-script.md" });
  expect(md.text).toContain("> a &lt;script>x&lt;/script>");
  expect(md.text).toContain("b &lt;img src=x> `<i>`");
  expect(md.text).toContain("## Question 2 (asked otherwise)");
  expect(md.text).toContain("### Answer · `book/one`");

  const battle = await book.battle(visitorId, { prompt: "who?", a: "me", b: "you" });
  for (const format of ["md", "json"] as const) {
    const by = { conversationId: battle.id, visitorId, format };
    const file = await exportConversation(arena, by);
    expect(file.text).toContain("who?");
    expect(file.text).not.toMatch(/book\/|firstToken|durationMs":\s*\d/);
  }
  const by = { conversationId: battle.id, visitorId: await book.visitor(), format: "md" as const };
  await expect(exportConversation(arena, by)).rejects.toMatchObject({ code: "not-found" });
});

test("an export of everything is one JSON document, whatever is deleted meanwhile", async () => {
  const visitorId = await book.visitor();
  const first = await book.chat(visitorId, ["one", "1"]);
  const gone = await book.chat(visitorId, ["two", "2"]);
  const battle = await book.battle(visitorId, { prompt: "three", a: "x", b: "y" });
  const { id } = await publish({ conversationId: first, visitorId });
  let text = "";
  for await (const piece of exportEverything(arena, { visitorId })) {
    text += piece;
    await database.db.delete(conversations).where(eq(conversations.id, gone));
  }
  const whole = JSON.parse(text);
  expect(whole.conversations.map((it: { id: string }) => it.id)).toEqual([first, battle.id]);
  expect(whole.shares).toMatchObject([{ id, conversationId: first, title: "one" }]);
  const empty: string[] = [];
  for await (const it of exportEverything(arena, { visitorId: createId() })) empty.push(it);
  expect(JSON.parse(empty.join("")).conversations).toEqual([]);
});

test("a long conversation lets others be served while personal data is looked for; one too long is refused", async () => {
  const visitorId = await book.visitor();
  const said = (characters: number) =>
    Array.from({ length: 20 }, () => "1 ".repeat(characters / 40));
  const by = { visitorId, conversationId: await book.chat(visitorId, said(200_000)) };
  let isOver = false;
  let turns = 0;
  const others = (async () => {
    for (; !isOver; turns++) await nextTurn();
  })();
  await previewShare(arena, by);
  isOver = true;
  await others;
  expect(turns).toBeGreaterThanOrEqual(20);
  const conversationId = await book.chat(visitorId, said(260_000));
  await expect(previewShare(arena, { visitorId, conversationId })).rejects.toMatchObject({
    code: "conflict",
  });
});
