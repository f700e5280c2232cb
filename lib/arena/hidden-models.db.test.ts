/** Goal: a model that only battles draw is in battles, and behind no door at which a model is named. Method: real workers and rules. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNamedUse } from "@/lib/catalog/store";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { changeRules, readRules } from "@/lib/rules/rules";
import {
  asking,
  battle,
  begin,
  chat,
  createWorld,
  readTurn,
  type World,
} from "./__fixtures__/world";
import { readConversation } from "./read-conversation";
import { listModels } from "./read-models";
import { answerAgain, takeTurn } from "./take-turn";
import { countTokens } from "./token-count";

const HIDDEN = "mock/echo";
let world: World;

beforeAll(async () => {
  world = await createWorld([HIDDEN, "mock/paced"]);
  const rules = await readRules(world.db);
  const models = [{ model: HIDDEN, isAnonymousOnly: true }];
  await changeRules(world.db, arenaSettingsSchema.parse({ ...rules, sampling: { models } }));
});
afterAll(() => world.close());

test("it is drawn, and seen by nobody before the vote", async () => {
  const { visitorId, events } = await begin(world, battle("one two"));
  const { start } = await readTurn(events);
  const { conversationId } = start;
  const view = await readConversation(world.arena, { conversationId, visitorId });
  // Of two models both are drawn.
  expect(view.messages.filter((it) => it.role === "assistant")).toHaveLength(2);
  expect(JSON.stringify(view)).not.toContain(HIDDEN);
  // Keepers, and everybody once it has a name, can read when that was.
  await readTurn((await begin(world, battle("three"))).events);
  const entered = await world.db.execute(sql`
    select name, count(*)::int as count from model_ledger join models on models.id = model_id
    where kind = 'first-battle' group by name order by name`);
  expect(entered).toEqual([
    { name: HIDDEN, count: 1 },
    { name: "mock/paced", count: 1 },
  ]);
});

test.each([
  ["a chat", chat("one", HIDDEN)],
  ["a comparison", { kind: "compare", prompt: "one", models: { a: "mock/paced", b: HIDDEN } }],
] as const)("%s with it is refused as one with a model that never was", async (_, start) => {
  const unknown = JSON.parse(JSON.stringify(start).replace(HIDDEN, "no/such"));
  const refusal = (of: typeof start) =>
    begin(world, of).then(
      () => expect.fail("it began"),
      (error: { code: string; param: string; message: string }) => error,
    );
  const [hidden, never] = [await refusal(start), await refusal(unknown)];
  expect(hidden).toMatchObject({ code: "model-not-found", param: "model" });
  expect(hidden.message).toBe(never.message.replace("no/such", HIDDEN));
});

test("its tokens are not counted by name, and no list names it", async () => {
  const visitorId = await world.visitor();
  await expect(
    countTokens(world.arena, { ...asking(visitorId), prompt: "one", model: HIDDEN }),
  ).rejects.toMatchObject({ code: "model-not-found" });
  const { models } = await listModels(world.arena);
  expect(models.map(({ name }) => name)).toEqual(["mock/paced"]);
});

test("what is not offered on the pages by its name is drawn, seen in lists, and chosen by nobody", async () => {
  const model = "mock/paced";
  await writeNamedUse(world.db, { model, isDirect: false, isApi: true });
  const refused = { code: "forbidden", param: "model", message: expect.stringContaining(model) };
  await expect(begin(world, chat("one", model))).rejects.toMatchObject(refused);
  const visitorId = await world.visitor();
  await expect(
    countTokens(world.arena, { ...asking(visitorId), prompt: "one", model }),
  ).rejects.toMatchObject(refused);
  await readTurn((await begin(world, battle("one two"))).events);
  expect((await listModels(world.arena)).models).toMatchObject([
    { name: model, awake: true, isDirect: false, isApi: true },
  ]);
  await writeNamedUse(world.db, { model, isDirect: true, isApi: false });
  const { visitorId: other, events } = await begin(world, chat("one", model));
  const { conversationId } = (await readTurn(events)).start;
  await writeNamedUse(world.db, { model, isDirect: false, isApi: false });
  const next = { ...asking(other), conversationId, turn: { prompt: "two" } };
  await expect(takeTurn(world.arena, next)).rejects.toMatchObject(refused);
  await writeNamedUse(world.db, { model, isDirect: true, isApi: true });
});

test("a chat that was begun while it had a name does not go on", async () => {
  const rules = await readRules(world.db);
  await changeRules(world.db, arenaSettingsSchema.parse({ ...rules, sampling: {} }));
  const { visitorId, events } = await begin(world, chat("one", HIDDEN));
  const { conversationId, prompt } = (await readTurn(events)).start;
  await changeRules(world.db, rules);
  const asked = { ...asking(visitorId), conversationId };
  for (const goingOn of [
    () => takeTurn(world.arena, { ...asked, turn: { prompt: "two" } }),
    () => answerAgain(world.arena, { ...asked, again: { promptId: prompt.id } }),
  ]) {
    await expect(goingOn()).rejects.toMatchObject({ code: "model-not-found" });
  }
  // What was said stays its visitor's.
  const view = await readConversation(world.arena, { conversationId, visitorId });
  expect(view.messages).toHaveLength(2);
});
