/** Goal: one vote counts, and only its owner's. Method: many requests at once, strangers, both orders. */
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { votes } from "@/lib/db/schema/battles";
import { conversations } from "@/lib/db/schema/conversations";
import { Leaderboard } from "@/lib/leaderboard/leaderboard";
import type { Outcome } from "@/lib/protocol/arena-view";
import { createId } from "@/lib/util/id";
import { asking, createWorld, readTurn, type World } from "./__fixtures__/world";
import { castVote } from "./cast-vote";
import { readChat, regenerateAnswer, startChat, takeChatTurn } from "./chat";
import { createBattle } from "./create-battle";
import { readBattle } from "./read-battle";
import { retryAnswer } from "./retry-answer";
import { takeBattleTurn } from "./take-battle-turn";
import { countTokens } from "./token-count";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/random"]);
});
afterAll(() => world.close());

async function fought(visitorId: string, random?: () => number) {
  const asked = { ...asking(visitorId), prompt: "hello", ...(random && { random }) };
  const turn = await readTurn(await createBattle(world.arena, asked));
  const vote = (outcome: Outcome) => ({
    ...{ visitorId, battleId: turn.start.battleId! },
    vote: { outcome, answerAId: turn.side("a").id, answerBId: turn.side("b").id },
  });
  return { ...turn, battleId: turn.start.battleId!, vote };
}

test("20 votes at once: one is counted, the same ones are answered alike", async () => {
  const battle = await fought(await world.visitor());
  const outcomes: Outcome[] = ["a", "b", "tie", "both-bad"];
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      castVote(world.arena, battle.vote(outcomes[index % 4]!)),
    ),
  );
  const rows = await world.db.select().from(votes).where(eq(votes.battleId, battle.battleId));
  expect(rows).toHaveLength(1);
  const accepted = results.filter((result) => result.status === "fulfilled");
  expect(accepted).toHaveLength(5);
  for (const { value } of accepted) {
    expect(value.vote?.outcome).toBe(rows[0]!.outcome);
    expect(value.reveal?.pair.votes).toBeGreaterThan(0);
  }
  for (const result of results) {
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
  }
});

test("the reveal names both, and counts the pair whichever side each took", async () => {
  const visitorId = await world.visitor();
  const first = await fought(visitorId, () => 0);
  const one = await castVote(world.arena, first.vote("a"));
  expect(one.reveal).toMatchObject({
    a: { model: "mock/echo", licence: "Apache-2.0", rating: null },
  });
  expect(one.reveal?.b.model).toBe("mock/random");
  const before = one.reveal!.pair;
  const second = await fought(visitorId, () => 0.99);
  const two = await castVote(world.arena, second.vote("a"));
  expect(two.reveal?.a.model).toBe("mock/random");
  expect(two.reveal?.pair).toEqual({
    votes: before.votes + 1,
    a: before.b + 1,
    b: before.a,
    tie: before.tie,
  });
  for (const message of two.messages) {
    if (message.role === "user") continue;
    expect(message.model).not.toBeNull();
    expect(message.stats?.completionTokens).toBeGreaterThan(0);
  }
});

test("the reveal shows ratings that hold the vote, and only a vote that counts makes them anew", async () => {
  const battle = await fought(await world.visitor());
  const leaderboard = new Leaderboard({ db: world.db });
  let count = 0;
  const asked = {
    ...battle.vote("tie"),
    onCounted: () => {
      count++;
      return leaderboard.recompute();
    },
  };
  const view = await castVote(world.arena, asked);
  expect(view.reveal?.a.rating).not.toBeNull();
  expect(view.reveal?.b.rating).not.toBeNull();
  await castVote(world.arena, asked);
  expect(count).toBe(1);
});

test("answers of two battles, or a swapped pair, are no vote", async () => {
  const visitorId = await world.visitor();
  const [one, two] = [await fought(visitorId), await fought(visitorId)];
  const vote = one.vote("a");
  const mixed = { ...vote, vote: { ...vote.vote, answerBId: two.side("b").id } };
  await expect(castVote(world.arena, mixed)).rejects.toMatchObject({ code: "invalid-request" });
  const { answerAId: answerBId, answerBId: answerAId } = vote.vote;
  const swapped = { ...vote, vote: { outcome: "a" as const, answerAId, answerBId } };
  await expect(castVote(world.arena, swapped)).rejects.toMatchObject({ code: "invalid-request" });
});

test("to everybody else a battle or a chat does not exist", async () => {
  const owner = await world.visitor();
  const battle = await fought(owner);
  const started = { ...asking(owner), model: "mock/echo", prompt: "hello" };
  const chat = await readTurn(await startChat(world.arena, started));
  const chatId = chat.start.conversationId;
  const { battleId } = battle;
  const answerId = chat.side(null).id;
  const before = await world.db.select().from(conversations);

  for (const stranger of [await world.visitor(), createId()]) {
    const as = asking(stranger);
    const attempts = [
      readBattle(world.arena, { visitorId: stranger, battleId }),
      takeBattleTurn(world.arena, { ...as, battleId, prompt: "x" }),
      retryAnswer(world.arena, { ...as, battleId, answerId: battle.side("a").id }),
      castVote(world.arena, { ...battle.vote("a"), visitorId: stranger }),
      readChat(world.arena, { visitorId: stranger, chatId }),
      takeChatTurn(world.arena, { ...as, chatId, prompt: "x" }),
      regenerateAnswer(world.arena, { ...as, chatId, answerId }),
      countTokens(world.arena, { ...as, conversationId: chatId, prompt: "x" }),
    ];
    const messages = new Set<string>();
    for (const result of await Promise.allSettled(attempts)) {
      expect(result.status).toBe("rejected");
      if (result.status === "rejected") {
        expect(result.reason).toMatchObject({ code: "not-found" });
        messages.add(result.reason.message);
      }
    }
    // The very words that an id nobody ever had gets.
    const absent = readBattle(world.arena, { visitorId: stranger, battleId: createId() });
    const message = await absent.catch((error: Error) => error.message);
    expect(messages).toContain(message);
  }
  for (const id of ["", "x", "../..", "00000000-0000-0000-0000-000000000000'"]) {
    await expect(readBattle(world.arena, { visitorId: owner, battleId: id })).rejects.toMatchObject(
      {
        code: "not-found",
      },
    );
  }
  expect(await world.db.select().from(conversations)).toEqual(before);
});

test("a chat is no battle and a battle no chat", async () => {
  const owner = await world.visitor();
  const battle = await fought(owner);
  await expect(
    readChat(world.arena, { visitorId: owner, chatId: battle.start.conversationId }),
  ).rejects.toMatchObject({ code: "not-found" });
});
