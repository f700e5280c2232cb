/** Goal: no refusal says which side of a blind battle has the smaller context. Method: real workers; what one side said is long, and the small model sits on either. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { asking, battle, begin, createWorld, readTurn, type World } from "./__fixtures__/world";
import { takeTurn } from "./take-turn";

let world: World;
beforeAll(async () => {
  // Of 64 tokens, and of thousands.
  world = await createWorld(["mock/context"], ["mock/echo"]);
});
afterAll(() => world.close());

const words = (count: number) => "word ".repeat(count).trim();

/** A battle with its first turn, the small model on that side. */
async function battleWith(smallSide: "a" | "b") {
  for (;;) {
    const { events, visitorId } = await begin(world, battle("hi"));
    const { start } = await readTurn(events);
    const { conversationId } = start;
    const rows = await world.db.execute(
      sql`select (select name from models where id = model_a_id) as a from battles where conversation_id = ${conversationId}`,
    );
    if ((rows[0]?.a === "mock/context") === (smallSide === "a")) return { start, visitorId };
  }
}

test.each(["a", "b"] as const)(
  "with the small model as %s the same prompts are refused",
  async (side) => {
    const { start, visitorId } = await battleWith(side);
    const { conversationId, answers } = start;
    // Side a said little and side b much, whoever they are.
    for (const answer of answers) {
      const content = words(answer.side === "a" ? 2 : 30);
      await world.db.execute(sql`update messages set content = ${content} where id = ${answer.id}`);
    }
    const ask = (count: number) =>
      takeTurn(world.arena, {
        ...asking(visitorId),
        conversationId,
        turn: { prompt: words(count) },
      });
    await expect(ask(40)).rejects.toMatchObject({ code: "context-length-exceeded" });
    const { answers: taken } = await readTurn(await ask(4));
    expect(taken.map((it) => it.status)).toEqual(["complete", "complete"]);
  },
);
