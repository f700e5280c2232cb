/**
 * Goal: a turn runs by itself, shows no pace of its own while it is blind, and ends as it should whoever
 * leaves. Method: real worker servers with the mock; two arenas on one database for two processes.
 */
import { eq } from "drizzle-orm";
import { expect, test, vi } from "vitest";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, replacements } from "@/lib/db/schema/battles";
import { conversations, messages } from "@/lib/db/schema/conversations";
import type { ConversationEvent } from "@/lib/protocol/conversation-view";
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
import { Arena } from "./arena";
import { castVote } from "./cast-vote";
import { followTurn } from "./follow-turn";
import { readConversation } from "./read-conversation";
import { stopAnswers } from "./stop-answers";
import { readMessages } from "./store";
import { takeTurn } from "./take-turn";

vi.mock("@/lib/arena-limits", async (original) => ({
  ...(await original<typeof import("@/lib/arena-limits")>()),
  ...{ UNREAD_TURN_MS_MAX: 1_000, READER_SIGN_INTERVAL_MS: 100, FOLLOW_INTERVAL_MS: 50 },
}));

const SLOW = { models: ["mock/slow"], tokenMs: 10 };
const FAST = { models: ["mock/echo"], tokenMs: 0 };
/** As long as what the slow one counts. */
const LONG = "abcd ".repeat(58).trim();

const otherProcess = ({ db, controller, arena: { rules } }: World) =>
  new Arena({ db, controller, rules });

/** The conversation's answers once none is being written. */
async function settled(world: World, conversationId: string) {
  for (;;) {
    const rows = (await readMessages(world.db, conversationId)).filter(
      (row) => row.status !== null,
    );
    if (rows.every((row) => row.status !== "streaming")) return rows;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function readStart(events: AsyncIterable<ConversationEvent>) {
  const reading = events[Symbol.asyncIterator]();
  const { value } = await reading.next();
  if (value?.type !== "turn-start") throw new Error("a turn begins with its start");
  return { start: value, conversationId: value.conversationId, reading };
}

test("until the vote neither side is ever ahead, in what is told and in what a page can read", async () => {
  const world = await createWorld(FAST, SLOW);
  const { events, visitorId } = await begin(world, battle(LONG));
  const told = new Map<string, number>();
  const ends: string[] = [];
  let conversationId = "";
  let reads = 0;
  for await (const event of events) {
    if (event.type === "turn-start") {
      conversationId = event.conversationId;
      for (const { id } of event.answers) told.set(id, 0);
    }
    if (event.type === "answer-end") ends.push(event.answer.status);
    if (event.type !== "text-delta") continue;
    told.set(event.answerId, told.get(event.answerId)! + event.text.length);
    const [one, other] = [...told.values()];
    // A word may be held until its end is known, on either side, and one side is told before the other.
    if (ends.length === 0) expect(Math.abs(one! - other!)).toBeLessThan(60);
    if (reads++ % 40 !== 0) continue;
    const view = await readConversation(world.arena, { visitorId, conversationId });
    for (const message of view.messages) {
      if (message.role === "user") continue;
      expect(message.content.length).toBeLessThanOrEqual(told.get(message.id)! + 60);
      expect(message).toMatchObject({ finishReason: null, model: null, stats: null });
    }
  }
  expect(ends).toEqual(["complete", "complete"]);
  const rows = await settled(world, conversationId);
  const [fast, slow] = ["mock/echo", "mock/slow"].map(
    (it) => rows.find((row) => row.modelName === it)!,
  );
  // What is known of each is still its own.
  expect(fast!.durationMs!).toBeLessThan(slow!.durationMs! / 2);
  // Whoever asks when both could be read: when they were shown.
  const apartMs = Math.abs(fast!.updatedAt.getTime() - slow!.updatedAt.getTime());
  expect(apartMs).toBeLessThan(slow!.durationMs! / 2);
  await world.close();
});

test("a side that is stopped keeps what was seen of it; the other goes on, and both can be voted on", async () => {
  const world = await createWorld(FAST, SLOW);
  const { events, visitorId } = await begin(world, battle(LONG));
  const seen: ConversationEvent[] = [];
  let conversationId = "";
  let stopping: Promise<void> | undefined;
  for await (const event of events) {
    seen.push(event);
    if (event.type === "turn-start") conversationId = event.conversationId;
    if (event.type !== "text-delta" || seen.length < 20 || stopping) continue;
    stopping = stopAnswers(world.arena, { visitorId, conversationId, answerId: event.answerId });
  }
  await stopping;
  const ends = seen.flatMap((it) => (it.type === "answer-end" ? [it.answer] : []));
  expect(ends.map(({ status }) => status).sort()).toEqual(["complete", "stopped"]);
  for (const { id, content } of ends) {
    const told = seen.map((it) => (it.type === "text-delta" && it.answerId === id ? it.text : ""));
    expect(told.join("")).toBe(content);
    expect(content).not.toBe("");
  }
  const stopped = ends.find(({ status }) => status === "stopped")!;
  expect(stopped.content.length).toBeLessThan(LONG.length);
  const idOf = (side: "a" | "b") => ends.find((it) => it.side === side)!.id;
  const vote = { outcome: "b", answerAId: idOf("a"), answerBId: idOf("b") } as const;
  const view = await castVote(world.arena, { visitorId, conversationId, vote });
  expect(view.reveal?.uncounted).toBeNull();
  await world.close();
});

test("a reserve takes the place of a side that never began, and the battle is as if it had been drawn so", async () => {
  const world = await createWorld(["mock/echo"], ["mock/random"], ["mock/rejects"]);
  for (let round = 0; ; round++) {
    const { events, visitorId } = await begin(world, battle("one two three"));
    const turn = await readTurn(events);
    expect(turn.answers.map(({ status }) => status)).toEqual(["complete", "complete"]);
    const { conversationId } = turn.start;
    const by = eq(battles.conversationId, conversationId);
    const [pair] = await world.db.select().from(battles).where(by);
    const failures = await world.db
      .select()
      .from(replacements)
      .where(eq(replacements.battleId, pair!.id));
    // One draw in three has both that answer.
    if (failures.length === 0 && round < 30) continue;
    expect(failures).toMatchObject([{ errorCode: "overloaded" }]);
    const failed = failures[0]!;
    const modelOf = { a: pair!.modelAId, b: pair!.modelBId };
    expect(modelOf[failed.side]).toBe(failed.reserveModelId);
    // Of two models that are left each order is as likely as the other.
    expect(pair!.pairProbability).toBeCloseTo(0.5);
    const rows = await settled(world, conversationId);
    expect(rows.map(({ side, modelId }) => [side, modelId])).toEqual([
      ["a", modelOf.a],
      ["b", modelOf.b],
    ]);
    const vote = { answerAId: turn.side("a").id, answerBId: turn.side("b").id };
    await castVote(world.arena, { visitorId, conversationId, vote: { ...vote, outcome: "tie" } });
    const [ballot] = await world.db.select().from(ballots);
    expect(ballot).toMatchObject({ counted: true, modelAId: modelOf.a, modelBId: modelOf.b });
    expect(ballot!.pairProbability).toBeCloseTo(0.5);
    break;
  }
  await world.close();
});

test("a model that does not begin in time has failed: its worker stops, and a reserve answers", async () => {
  const world = await createWorld(["mock/echo"], ["mock/random"], ["mock/never"]);
  const settings = await readRules(world.db);
  const pace = { ...settings.pace, firstTokenSecondsMax: 1 };
  await changeRules(world.db, { ...settings, pace });
  for (let round = 0; ; round++) {
    const turn = await readTurn((await begin(world, battle("one two three"))).events);
    expect(turn.answers.map(({ status }) => status)).toEqual(["complete", "complete"]);
    const failures = await world.db.select().from(replacements);
    // One draw in three has both that answer.
    if (failures.length === 0 && round < 30) continue;
    expect(failures).toMatchObject([{ errorCode: "timeout" }]);
    break;
  }
  await world.close();
});

test("nobody is left: the side fails as any other, and says nothing of it", async () => {
  const world = await createWorld(["mock/echo"], ["mock/rejects"]);
  const turn = await readTurn((await begin(world, battle("one"))).events);
  const failed = turn.answers.find(({ status }) => status === "failed")!;
  expect(failed).toMatchObject({ content: "", error: { code: "worker-lost" }, model: null });
  const [pair] = await world.db.select().from(battles);
  expect(pair!.pairProbability).toBeCloseTo(0.5);
  expect(await world.db.select().from(replacements)).toEqual([]);
  await world.close();
});

test("another process follows the rows, and can stop what it does not write", async () => {
  const world = await createWorld({ models: ["mock/slow"], tokenMs: 40 });
  const { events, visitorId } = await begin(world, chat("count", "mock/slow"));
  const { conversationId, reading } = await readStart(events);
  await reading.return?.();
  const other = otherProcess(world);
  const asked = { conversationId, visitorId, signal: new AbortController().signal };
  const followed = await followTurn(other, asked);
  let text = "";
  let stopping: Promise<void> | undefined;
  const all: ConversationEvent[] = [];
  for await (const event of followed!) {
    all.push(event);
    if (event.type === "turn-start") text = event.answers[0]!.content;
    if (event.type === "text-delta") text += event.text;
    if (text.length > 20) stopping ??= stopAnswers(other, { conversationId, visitorId });
  }
  await stopping;
  expect(all.at(-1)).toEqual({ type: "turn-end" });
  expect(all.at(-2)).toMatchObject({ answer: { status: "stopped", content: text } });
  expect(await followTurn(other, asked)).toBeUndefined();
  await world.close();
});

test("a turn that nobody reads is stopped after a while; one that is read elsewhere is not", async () => {
  const world = await createWorld({ models: ["mock/slow"], tokenMs: 25 });
  const ask = async () => {
    const { events, visitorId } = await begin(world, chat("count", "mock/slow"));
    const { conversationId, reading } = await readStart(events);
    await reading.return?.();
    return { conversationId, visitorId };
  };
  const [unread, read] = [await ask(), await ask()];
  const signal = new AbortController().signal;
  const followed = await followTurn(otherProcess(world), { ...read, signal });
  const last: ConversationEvent[] = [];
  for await (const event of followed!) last.push(event);
  expect(last.at(-2)).toMatchObject({ answer: { status: "complete" } });
  const [row] = await settled(world, unread.conversationId);
  expect(row).toMatchObject({ status: "stopped" });
  await world.close();
});

test("a conversation that is deleted under way ends its run, and nothing is thrown", async () => {
  const world = await createWorld(["mock/never"], ["mock/slow"]);
  const { events } = await begin(world, battle("count"));
  const { conversationId, reading } = await readStart(events);
  await world.db.delete(conversations).where(eq(conversations.id, conversationId));
  const run = world.arena.runs.find(conversationId);
  await run?.ended;
  expect((await reading.next()).value).toEqual({ type: "turn-end" });
  expect(world.controller.inFlight()).toBe(0);
  expect(await world.db.select().from(messages)).toEqual([]);
  await world.close();
});

test("a process that ends leaves no answer open: with text stopped, without failed", async () => {
  const world = await createWorld(["mock/never"], { models: ["mock/slow"], tokenMs: 10 });
  const models = { a: "mock/slow", b: "mock/never" };
  const { events } = await begin(world, { kind: "compare", prompt: "count", models });
  const { conversationId, reading } = await readStart(events);
  expect((await reading.next()).value).toMatchObject({ type: "text-delta" });
  await world.arena.runs.stop();
  const rows = await settled(world, conversationId);
  expect(rows).toMatchObject([
    { side: "a", status: "stopped", errorCode: null },
    { side: "b", status: "failed", errorCode: "worker-lost" },
  ]);
  await world.close();
});

test("settings hold for each turn, from the one that brings them, with the date of the turn", async () => {
  const world = await createWorld(["mock/echo"]);
  const settings = { temperature: 0.25, topP: 0.5, system: "It is {{currentDateTime}}." };
  const start = { ...chat("hello"), settings } as const;
  const { events, visitorId } = await begin(world, start as Parameters<typeof begin>[1]);
  const first = await readTurn(events);
  const { conversationId } = first.start;
  const asked = { ...asking(visitorId), conversationId };
  await readTurn(await takeTurn(world.arena, { ...asked, turn: { prompt: "and on" } }));
  const turn = { prompt: "last", settings: { maxTokens: 1 } };
  await readTurn(await takeTurn(world.arena, { ...asked, turn }));
  const rows = await settled(world, conversationId);
  const of = (index: number) => rows[index]!.parameters;
  const system = expect.stringMatching(/^It is \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/);
  for (const index of [0, 1])
    expect(of(index)).toMatchObject({ temperature: 0.25, topP: 0.5, system });
  expect(of(2)).toEqual({ temperature: 1, topP: 1, maxTokens: 1 });
  expect(rows[2]).toMatchObject({ finishReason: "length", completionTokens: 1 });
  const view = await readConversation(world.arena, { visitorId, conversationId });
  expect(view.settings).toEqual({ maxTokens: 1 });
  const drawn = await begin(world, {
    kind: "compare",
    prompt: "x",
    models: { a: "mock/echo", b: "mock/echo" },
  });
  expect((await readTurn(drawn.events)).answers).toHaveLength(2);
  await world.close();
});
