/** Goal: a battle has so many turns before its vote and no more, whichever models fight. Method: real workers and database. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { changeRules } from "@/lib/rules/rules";
import { asking, battle, begin, createWorld, readTurn, type World } from "./__fixtures__/world";
import { castVote } from "./cast-vote";
import { answerAgain, takeTurn } from "./take-turn";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/random"]);
  const integrity = { blindTurnsPerBattleMax: 3 };
  const terms = { version: "" };
  await changeRules(world.db, arenaSettingsSchema.parse({ integrity, terms }));
});
afterAll(() => world.close());

const REFUSAL = {
  code: "conflict",
  message: expect.stringContaining("the 3 turns that it may have before the vote. Vote,"),
};

test("the turns of a battle before its vote end, new answers included, and go on after it", async () => {
  const { events, visitorId } = await begin(world, battle("one"));
  const { start } = await readTurn(events);
  const { conversationId } = start;
  const asked = { ...asking(visitorId), conversationId };
  const ask = () => takeTurn(world.arena, { ...asked, turn: { prompt: "and then" } });
  const promptId = start.prompt.id;
  await readTurn(await answerAgain(world.arena, { ...asked, again: { promptId } }));
  const third = await readTurn(await ask());
  await expect(ask()).rejects.toMatchObject(REFUSAL);
  const again = { promptId: third.start.prompt.id };
  await expect(answerAgain(world.arena, { ...asked, again })).rejects.toMatchObject(REFUSAL);
  await castVote(world.arena, {
    ...{ visitorId, conversationId },
    vote: { answerAId: third.side("a").id, answerBId: third.side("b").id, outcome: "tie" },
  });
  expect((await readTurn(await ask())).isWhole).toBe(true);
});

test("two turns at once do not pass the last place together", async () => {
  const { events, visitorId } = await begin(world, battle("one"));
  const { start } = await readTurn(events);
  const asked = { ...asking(visitorId), conversationId: start.conversationId };
  const ask = () => takeTurn(world.arena, { ...asked, turn: { prompt: "and then" } });
  await readTurn(await ask());
  const both = await Promise.allSettled([ask(), ask()]);
  const passed = both.filter((it) => it.status === "fulfilled");
  expect(passed).toHaveLength(1);
  for (const { value } of passed) await readTurn(value);
  await expect(ask()).rejects.toMatchObject(REFUSAL);
});
