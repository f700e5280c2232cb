/** Goal: what another tab deletes meanwhile is not found, and nothing fails. Method: many votes, turns and deletions at once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  asking,
  battle,
  begin,
  createWorld,
  readTurn,
  type World,
} from "@/lib/arena/__fixtures__/world";
import { castVote } from "@/lib/arena/cast-vote";
import { markAnswer } from "@/lib/arena/mark-answer";
import { readConversation } from "@/lib/arena/read-conversation";
import { answerAgain, takeTurn } from "@/lib/arena/take-turn";
import { countTokens } from "@/lib/arena/token-count";
import { toAppError } from "@/lib/errors";
import { deleteConversation, deleteEverything } from "./edit-conversation";

const ROUNDS = 6;
let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/random"]);
});
afterAll(() => world.close());

/** What became of each: done, or the code of its error. */
async function settle(works: Promise<unknown>[]): Promise<string[]> {
  const results = await Promise.allSettled(works);
  return results.map((it) => (it.status === "fulfilled" ? "done" : toAppError(it.reason).code));
}

type By = { visitorId: string; conversationId: string };
const deletions: Record<string, (by: By) => Promise<unknown>> = {
  conversation: (by) => deleteConversation(world.arena, by),
  everything: (by) => deleteEverything(world.arena, by),
};

test.each(Object.keys(deletions))(
  "votes, turns and readings while the %s is deleted",
  async (what) => {
    for (let round = 0; round < ROUNDS; round++) {
      const { visitorId, events } = await begin(world, battle("hello"));
      const turn = await readTurn(events);
      const by = { visitorId, conversationId: turn.start.conversationId };
      const [answerAId, answerBId] = [turn.side("a").id, turn.side("b").id];
      const vote = { outcome: "a" as const, answerAId, answerBId };
      const flag = { answerId: answerAId, kind: "flag" as const, isSet: true };
      const { signal } = new AbortController();
      const outcomes = await settle([
        castVote(world.arena, { ...by, vote }),
        takeTurn(world.arena, { ...asking(visitorId), ...by, turn: { prompt: "more" } }),
        ...[markAnswer(world.arena, { ...by, mark: flag }), readConversation(world.arena, by)],
        deletions[what]!(by),
        castVote(world.arena, { ...by, vote }),
        answerAgain(world.arena, {
          ...asking(visitorId),
          ...by,
          again: { promptId: turn.start.prompt.id },
        }),
        countTokens(world.arena, { ...by, prompt: "next", signal }),
      ]);
      for (const outcome of outcomes) expect(["done", "not-found", "conflict"]).toContain(outcome);
      expect(outcomes[4]).toBe("done");
      expect(await settle([readConversation(world.arena, by)])).toEqual(["not-found"]);
    }
  },
);
