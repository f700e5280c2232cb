/** Goal: one vote counts, and only its owner's. Method: many requests at once, strangers, both orders. */
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPEN_REVIEWS_A_VISITOR_MAX } from "@/lib/arena-limits";
import { catalog } from "@/lib/catalog/catalog";
import { setModel } from "@/lib/catalog/edit-catalog";
import { reviews } from "@/lib/db/schema/arena";
import { ballots } from "@/lib/db/schema/ballots";
import { votes } from "@/lib/db/schema/battles";
import { conversations } from "@/lib/db/schema/conversations";
import { Leaderboard } from "@/lib/leaderboard/leaderboard";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { MarkKind, VoteReason } from "@/lib/protocol/conversation-view";
import { createId } from "@/lib/util/id";
import {
  asking,
  battle,
  begin,
  chat,
  createWorld,
  readTurn,
  type World,
} from "./__fixtures__/world";
import { castVote, giveReasons } from "./cast-vote";
import { followTurn } from "./follow-turn";
import { markAnswer } from "./mark-answer";
import { readConversation } from "./read-conversation";
import { stopAnswers } from "./stop-answers";
import { answerAgain, takeTurn } from "./take-turn";
import { countTokens } from "./token-count";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/random"]);
});
afterAll(() => world.close());

async function fought(visitorId: string, random?: () => number) {
  const { events } = await begin(world, battle("hello"), { visitorId, ...(random && { random }) });
  return toVotable(visitorId, await readTurn(events));
}

function toVotable(visitorId: string, turn: Awaited<ReturnType<typeof readTurn>>) {
  const { conversationId } = turn.start;
  const vote = (outcome: Outcome) => ({
    ...{ visitorId, conversationId },
    vote: { outcome, answerAId: turn.side("a").id, answerBId: turn.side("b").id },
  });
  return { ...turn, conversationId, vote };
}

test("20 votes at once: one is counted, the same ones are answered alike", async () => {
  const fight = await fought(await world.visitor());
  const outcomes: Outcome[] = ["a", "b", "tie", "both-bad"];
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      castVote(world.arena, fight.vote(outcomes[index % 4]!)),
    ),
  );
  const rows = await world.db
    .select()
    .from(votes)
    .where(eq(votes.conversationId, fight.conversationId));
  expect(rows).toHaveLength(1);
  const accepted = results.filter((result) => result.status === "fulfilled");
  expect(accepted).toHaveLength(5);
  for (const { value } of accepted) {
    expect(value.votes.map(({ outcome, blind }) => [outcome, blind])).toEqual([
      [rows[0]!.outcome, true],
    ]);
    expect(value.reveal?.pair.votes).toBeGreaterThan(0);
  }
  for (const result of results) {
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
  }
});

test("the reveal tells of a model what its keeper says, and of its price what its worker said", async () => {
  const card = { organization: "Acme" };
  const settings = { defaults: {}, limits: {}, fallbacks: [], dispatch: null, price: null };
  await setModel({ ...settings, model: "mock/echo", card }, world.db);
  await world.db.execute(
    sql`update models set price = '{"prompt": 1, "completion": 2}' where name = 'mock/echo'`,
  );
  await catalog().refresh();
  const fight = await fought(await world.visitor(), () => 0);
  const { reveal } = await castVote(world.arena, fight.vote("a"));
  expect(reveal?.a).toMatchObject({
    ...{ model: "mock/echo", organisation: "Acme", licence: "Apache-2.0" },
    price: { prompt: 1, completion: 2 },
  });
  expect(reveal?.b.price).toBeNull();
  await setModel({ ...settings, model: "mock/echo", card: {} }, world.db);
  await world.db.execute(sql`update models set price = null`);
  await catalog().refresh();
});

test("the reveal names both, and counts the pair whichever side each took", async () => {
  const visitorId = await world.visitor();
  const first = await fought(visitorId, () => 0);
  const one = await castVote(world.arena, first.vote("a"));
  expect(one.reveal).toMatchObject({
    a: { model: "mock/echo", licence: "Apache-2.0", organisation: "Parley", before: null },
    uncounted: null,
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
  const fight = await fought(await world.visitor());
  const leaderboard = new Leaderboard({ db: world.db });
  let count = 0;
  const asked = {
    ...fight.vote("tie"),
    onCounted: () => {
      count++;
      return leaderboard.recompute();
    },
  };
  const view = await castVote(world.arena, asked);
  for (const card of [view.reveal!.a, view.reveal!.b]) {
    expect(card.now).toMatchObject({ status: expect.any(String) });
  }
  const next = await fought(await world.visitor());
  const voted = await castVote(world.arena, next.vote("a"));
  // Where they stood before is kept with the vote, for whoever comes back later.
  const before = [voted.reveal!.a.before, voted.reveal!.b.before];
  expect(before).not.toContain(null);
  await leaderboard.recompute();
  const { visitorId, conversationId } = next.vote("a");
  const later = await readConversation(world.arena, { visitorId, conversationId });
  expect([later.reveal!.a.before, later.reveal!.b.before]).toEqual(before);
  expect(later.reveal!.a.now).not.toEqual(later.reveal!.a.before);
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

test("later votes of an opened battle and votes on chosen pairs are kept and rated by nobody", async () => {
  const fight = await fought(await world.visitor());
  const { visitorId, conversationId } = fight.vote("a");
  const asked = { ...asking(visitorId), conversationId };
  await castVote(world.arena, fight.vote("a"));
  const { events } = await begin(world, {
    ...{ kind: "compare", prompt: "same", models: { a: "mock/echo", b: "mock/echo" } },
  });
  const before = await world.db.select().from(ballots);
  const again = { promptId: fight.start.prompt.id };
  await expect(answerAgain(world.arena, { ...asked, again })).rejects.toMatchObject({
    code: "conflict",
  });
  const next = await takeTurn(world.arena, { ...asked, turn: { prompt: "more" } });
  const later = toVotable(visitorId, await readTurn(next));
  expect(later.side("a").model).not.toBeNull();
  const view = await castVote(world.arena, later.vote("both-bad"));
  expect(view.votes.map(({ blind }) => blind)).toEqual([true, false]);
  const compared = toVotable(visitorId, await readTurn(events));
  const stranger = castVote(world.arena, compared.vote("a"));
  await expect(stranger).rejects.toMatchObject({ code: "not-found" });
  expect(await world.db.select().from(ballots)).toEqual(before);
});

test("reasons are said after the vote, as often as one likes, and only of a vote", async () => {
  const fight = await fought(await world.visitor());
  const { vote, ...whose } = fight.vote("b");
  const { answerAId, answerBId } = vote;
  const say = (...reasons: VoteReason[]) =>
    giveReasons(world.arena, { ...whose, reasons: { answerAId, answerBId, reasons } });
  await expect(say("useful")).rejects.toMatchObject({ code: "not-found" });
  await castVote(world.arena, fight.vote("b"));
  await say("useful", "wrong");
  expect((await say("style")).votes[0]).toMatchObject({ outcome: "b", reasons: ["style"] });
});

test("an answer is good or bad, and a report waits for the operator once", async () => {
  const { visitorId, events } = await begin(world, chat("hello"));
  const turn = await readTurn(events);
  const { conversationId } = turn.start;
  const answerId = turn.side(null).id;
  const mark = (kind: MarkKind, isSet = true) =>
    markAnswer(world.arena, { visitorId, conversationId, mark: { answerId, kind, isSet } });
  expect((await mark("up")).marks).toEqual(["up"]);
  expect((await mark("down")).marks).toEqual(["down"]);
  await mark("flag");
  expect((await mark("flag")).marks).toEqual(["down", "flag"]);
  const waiting = await world.db.select().from(reviews).where(eq(reviews.messageId, answerId));
  expect(waiting).toMatchObject([{ kind: "flag", state: "open", visitorId }]);
  expect((await mark("down", false)).marks).toEqual(["flag"]);
  const view = await readConversation(world.arena, { visitorId, conversationId });
  expect(view.messages[1]).toMatchObject({ marks: ["flag"] });
});

test("reports open one review an answer, close it when taken back, and never fill the queue", async () => {
  const { visitorId, events } = await begin(world, chat("hello"));
  const turn = await readTurn(events);
  const { conversationId } = turn.start;
  const answerId = turn.side(null).id;
  const flag = (isSet: boolean, note?: string) => {
    const mark = { answerId, kind: "flag" as const, isSet, note };
    return markAnswer(world.arena, { visitorId, conversationId, mark });
  };
  const ofVisitor = () => world.db.select().from(reviews).where(eq(reviews.visitorId, visitorId));
  for (let round = 0; round < 5; round++) {
    await flag(true);
    await flag(false);
  }
  expect(await ofVisitor()).toEqual([]);
  await flag(true, "first words");
  await flag(true, "better words");
  await flag(true);
  expect(await ofVisitor()).toMatchObject([{ state: "open", evidence: { note: "better words" } }]);
  // Decided: the same answer is not brought up again.
  await world.db
    .update(reviews)
    .set({ state: "dismissed" })
    .where(eq(reviews.visitorId, visitorId));
  await flag(false);
  await flag(true);
  expect(await ofVisitor()).toMatchObject([{ state: "dismissed" }]);

  await world.db.delete(reviews).where(eq(reviews.visitorId, visitorId));
  const waiting = { kind: "moderation" as const, visitorId, evidence: {} };
  await world.db
    .insert(reviews)
    .values(Array.from({ length: OPEN_REVIEWS_A_VISITOR_MAX }, () => waiting));
  await flag(false);
  await expect(flag(true)).rejects.toMatchObject({ code: "quota-exceeded", param: "kind" });
  const view = await readConversation(world.arena, { visitorId, conversationId });
  expect(view.messages[1]).toMatchObject({ marks: [] });
});

test("to everybody else a conversation does not exist", async () => {
  const owner = await world.visitor();
  const fight = await fought(owner);
  const { vote, conversationId } = fight.vote("a");
  const answerId = vote.answerAId;
  const promptId = fight.start.prompt.id;
  const before = await world.db.select().from(conversations);

  for (const stranger of [await world.visitor(), createId()]) {
    const as = { ...asking(stranger), conversationId };
    const { arena } = world;
    const attempts = await Promise.allSettled([
      readConversation(arena, as),
      takeTurn(arena, { ...as, turn: { prompt: "x" } }),
      answerAgain(arena, { ...as, again: { promptId, answerId } }),
      castVote(arena, { ...as, vote }),
      giveReasons(arena, { ...as, reasons: { ...vote, reasons: [] } }),
      markAnswer(arena, { ...as, mark: { answerId, kind: "up", isSet: true } }),
      stopAnswers(arena, as),
      followTurn(arena, as),
      countTokens(arena, { ...as, prompt: "x" }),
      // The very words that an id nobody ever had gets.
      readConversation(arena, { ...as, conversationId: createId() }),
    ]);
    const messages = new Set<string>();
    for (const result of attempts) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "not-found" } });
      if (result.status === "rejected") messages.add(result.reason.message);
    }
    expect(messages.size).toBe(1);
  }
  for (const id of ["", "x", "../..", "00000000-0000-0000-0000-000000000000'"]) {
    const asked = { visitorId: owner, conversationId: id };
    await expect(readConversation(world.arena, asked)).rejects.toMatchObject({ code: "not-found" });
  }
  expect(await world.db.select().from(conversations)).toEqual(before);
});

test("a chat has no votes", async () => {
  const { visitorId, events } = await begin(world, chat("hello"));
  const { start, side } = await readTurn(events);
  const vote = { outcome: "a", answerAId: side(null).id, answerBId: side(null).id } as const;
  const asked = { visitorId, conversationId: start.conversationId, vote };
  await expect(castVote(world.arena, asked)).rejects.toMatchObject({ code: "invalid-request" });
});
