/** Goal: every way a turn can go ends with the right rows. Method: real worker servers with the mock. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "@/lib/db/schema/conversations";
import { ANSWER_TOKENS_MAX } from "@/lib/limits";
import type { ConversationEvent } from "@/lib/protocol/conversation-view";
import {
  asking,
  battle,
  begin as beginAny,
  chat,
  createWorld,
  readTurn,
  type World,
} from "./__fixtures__/world";
import { castVote } from "./cast-vote";
import { readConversation } from "./read-conversation";
import { listModels, readArenaStatus } from "./read-models";
import { stopAnswers } from "./stop-answers";
import { readMessages, sweepStaleAnswers } from "./store";
import { answerAgain, startConversation, takeTurn } from "./take-turn";
import { countTokens } from "./token-count";

/** Draws the models in the order of their names. */
const inOrder = () => 0;

const begin = (world: World, prompt = "one two three") =>
  beginAny(world, battle(prompt), { random: inOrder });

const rowsOf = (world: World, conversationId: string) =>
  readMessages(world.arena.db, conversationId);

describe("two models that answer", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(["mock/echo"], ["mock/random"]);
  });
  afterAll(() => world.close());

  test("a turn tells its start, its text and its ends, and writes what made them", async () => {
    const { events, visitorId } = await begin(world);
    const turn = await readTurn(events);
    expect(turn.isWhole).toBe(true);
    expect(turn.start.answers.map((answer) => answer.side)).toEqual(["a", "b"]);
    for (const answer of turn.answers) {
      expect(answer).toMatchObject({ status: "complete", model: null, stats: null, error: null });
      expect(turn.texts.get(answer.id)).toBe(answer.content);
    }
    const rows = await rowsOf(world, turn.start.conversationId);
    expect(rows.map((row) => row.role)).toEqual(["user", "assistant", "assistant"]);
    for (const row of rows.slice(1)) {
      const worker = world.workers.find((it) => it.models[0]!.name === row.modelName)!;
      expect(row).toMatchObject({ workerId: worker.workerId, modelBuild: worker.models[0]!.build });
      // The mocks' context would hold more: a page's answer has a limit of its own.
      expect(worker.models[0]!.contextLength).toBe(2 * ANSWER_TOKENS_MAX);
      const maxTokens = ANSWER_TOKENS_MAX;
      expect(row.parameters).toMatchObject({ temperature: 1, topP: 1, maxTokens });
      expect(Number.isInteger(row.seed)).toBe(true);
      expect(row.promptTokens).toBeGreaterThan(0);
      expect(row.completionTokens).toBeGreaterThan(0);
      expect(row.durationMs).toBeGreaterThanOrEqual(row.firstTokenMs!);
    }
    const view = await readConversation(world.arena, {
      ...{ visitorId, conversationId: turn.start.conversationId },
    });
    expect(view.messages.slice(1)).toEqual([turn.side("a"), turn.side("b")]);
    expect(view).toMatchObject({ kind: "battle", models: null, votes: [], reveal: null });
  });

  test("an end is in the database before it is told", async () => {
    const { events } = await begin(world);
    let seen = 0;
    for await (const event of events) {
      if (event.type !== "answer-end") continue;
      const [row] = await world.db
        .select({ status: messages.status })
        .from(messages)
        .where(sql`id = ${event.answer.id}`);
      expect(row?.status).toBe("complete");
      seen++;
    }
    expect(seen).toBe(2);
  });

  test("a next prompt follows the last one, and each side reads its own answers", async () => {
    const { events, visitorId } = await begin(world, "first words");
    const first = await readTurn(events);
    const { conversationId } = first.start;
    const next = await takeTurn(world.arena, {
      ...asking(visitorId),
      ...{ conversationId, turn: { prompt: "second words" } },
    });
    const second = await readTurn(next);
    expect(second.start.prompt.parentId).toBe(first.start.prompt.id);
    const rows = await rowsOf(world, first.start.conversationId);
    const [a, b] = rows.filter((row) => row.parentId === second.start.prompt.id);
    // The mock's tokens of a prompt grow with what the side said before: 60 words against two.
    expect(b!.promptTokens! - a!.promptTokens!).toBeGreaterThan(20);
    const vote = { outcome: "tie", answerAId: a!.id, answerBId: b!.id } as const;
    const view = await castVote(world.arena, { visitorId, conversationId, vote });
    expect(view.votes).toEqual([{ ...vote, blind: true, reasons: [] }]);
    expect(view.messages).toHaveLength(6);
  });

  test("the same next prompt from five tabs at once is taken once", async () => {
    const { events, visitorId } = await begin(world);
    const { start } = await readTurn(events);
    const { conversationId } = start;
    const turn = { prompt: "go on" };
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () =>
        takeTurn(world.arena, { ...asking(visitorId), conversationId, turn }),
      ),
    );
    const taken = results.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []));
    expect(taken).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
    }
    expect((await readTurn(taken[0]!)).isWhole).toBe(true);
    const rows = await rowsOf(world, start.conversationId);
    expect(rows.filter((row) => row.role === "user")).toHaveLength(2);
  });

  test("chat: turns, branches and regenerated answers", async () => {
    const { visitorId, events } = await beginAny(world, chat("hello there"));
    const first = await readTurn(events);
    const { conversationId } = first.start;
    const ask = { conversationId, visitorId };
    const say = async (turn: { prompt: string; parentId?: string | null }) =>
      readTurn(await takeTurn(world.arena, { ...asking(visitorId), ...ask, turn }));
    expect(first.side(null)).toMatchObject({ content: "hello there", model: "mock/echo" });
    expect(first.side(null).stats).toMatchObject({ temperature: 1 });
    const promptId = first.start.prompt.id;
    const again = await readTurn(
      await answerAgain(world.arena, { ...asking(visitorId), ...ask, again: { promptId } }),
    );
    expect(again.side(null)).toMatchObject({ parentId: promptId, attempt: 1 });
    const branch = await say({ prompt: "go on", parentId: first.side(null).id });
    expect(branch.start.prompt.parentId).toBe(first.side(null).id);
    const newest = await say({ prompt: "and on" });
    expect(newest.start.prompt.parentId).toBe(branch.side(null).id);
    const edited = await say({ prompt: "hello otherwise", parentId: null });
    expect(edited.start.prompt.parentId).toBeNull();
    const view = await readConversation(world.arena, ask);
    expect(view.models).toEqual({ model: "mock/echo" });
    expect(view.messages.map((message) => message.role)).toEqual([
      ...["user", "assistant", "assistant", "user", "assistant", "user", "assistant"],
      ...["user", "assistant"],
    ]);
    await expect(say({ prompt: "x", parentId: promptId })).rejects.toMatchObject({
      ...{ code: "not-found", param: "parentId" },
    });
  });

  test("unknown and sleeping models, and what is counted", async () => {
    const visitorId = await world.visitor();
    const nobody = { ...asking(visitorId), start: chat("x", "nobody") };
    await expect(startConversation(world.arena, nobody)).rejects.toMatchObject({
      code: "model-not-found",
    });
    const count = await countTokens(world.arena, {
      ...{ visitorId, prompt: "one two three", signal: new AbortController().signal },
    });
    expect(count).toMatchObject({ contextLength: 8_192, fits: true });
    expect(count.promptTokens).toBeGreaterThan(2);
    expect(await readArenaStatus(world.arena)).toMatchObject({ modelsAwake: 2, workersReady: 2 });
    const { models } = await listModels(world.arena);
    expect(models.map((model) => [model.name, model.awake])).toEqual([
      ["mock/echo", true],
      ["mock/random", true],
    ]);
  });
});

/** The conversation's answers once none is being written. */
async function settled(world: World, conversationId: string) {
  for (;;) {
    const rows = (await rowsOf(world, conversationId)).filter((row) => row.role === "assistant");
    if (rows.every((row) => row.status !== "streaming")) return rows;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function readStart(events: AsyncIterable<ConversationEvent>) {
  const reading = events[Symbol.asyncIterator]();
  const { value } = await reading.next();
  if (value?.type !== "turn-start") throw new Error("a turn begins with its start");
  return { start: value, reading };
}

describe("models that are slow", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(["mock/slow", "mock/never"]);
  });
  afterAll(() => world.close());

  test("a reader that leaves stops nothing; stop does, and a vote may rest on what was stopped", async () => {
    const { events, visitorId } = await begin(world, "count");
    const { start, reading } = await readStart(events);
    await reading.return?.();
    const { conversationId } = start;
    const streaming = (await rowsOf(world, conversationId)).slice(1);
    expect(streaming.map(({ status }) => status)).toEqual(["streaming", "streaming"]);
    await stopAnswers(world.arena, { visitorId, conversationId });
    const rows = await settled(world, conversationId);
    for (const row of rows) {
      // Blind, and one side never begins: nothing was told of either.
      const nothing = { content: "", errorCode: null, finishReason: null };
      expect(row).toMatchObject({ status: "stopped", ...nothing });
    }
    expect(world.controller.inFlight()).toBe(0);
    const vote = { outcome: "a", answerAId: rows[0]!.id, answerBId: rows[1]!.id } as const;
    const view = await castVote(world.arena, { visitorId, conversationId, vote });
    expect(view.votes).toHaveLength(1);
  });

  test("one side is stopped alone, by whoever asks for it", async () => {
    const models = { a: "mock/slow", b: "mock/never" };
    const { events, visitorId } = await beginAny(world, { kind: "compare", prompt: "x", models });
    const seen: ConversationEvent[] = [];
    let conversationId = "";
    for await (const event of events) {
      seen.push(event);
      if (event.type === "turn-start") conversationId = event.conversationId;
      const isFirst = seen.filter(({ type }) => type === "text-delta").length === 1;
      if (event.type === "text-delta" && isFirst) {
        const answerId = event.answerId;
        void stopAnswers(world.arena, { visitorId, conversationId, answerId });
      } else if (event.type === "answer-end" && event.answer.side === "a") {
        expect(event.answer).toMatchObject({ status: "stopped", model: "mock/slow" });
        expect(event.answer.content).not.toBe("");
        void stopAnswers(world.arena, { visitorId, conversationId });
      }
    }
    const ends = seen.filter(({ type }) => type === "answer-end");
    expect(ends).toHaveLength(2);
    expect(ends[1]).toMatchObject({ answer: { side: "b", status: "stopped", content: "" } });
  });

  test("a visitor may not have more than four answers running", async () => {
    const visitorId = await world.visitor();
    const ask = () => beginAny(world, battle("count"), { visitorId });
    const asked = await Promise.allSettled([ask(), ask(), ask()]);
    const refused = asked.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ code: "overloaded" });
    for (const result of asked) {
      if (result.status === "rejected") continue;
      const { start } = await readStart(result.value.events);
      await stopAnswers(world.arena, { visitorId, conversationId: start.conversationId });
    }
  });

  test("nothing is asked while an answer is being written", async () => {
    const { events, visitorId } = await beginAny(world, chat("count", "mock/slow"));
    const { start } = await readStart(events);
    const { conversationId } = start;
    const asked = { ...asking(visitorId), conversationId };
    const promptId = start.prompt.id;
    const attempts = await Promise.allSettled([
      takeTurn(world.arena, { ...asked, turn: { prompt: "more" } }),
      takeTurn(world.arena, { ...asked, turn: { prompt: "other", parentId: null } }),
      answerAgain(world.arena, { ...asked, again: { promptId } }),
    ]);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ status: "rejected", reason: { code: "conflict" } });
    }
    await stopAnswers(world.arena, { visitorId, conversationId });
  });
});

describe("a side that fails", () => {
  test("keeps its text, reads the same as any failure, and is tried again by the same model", async () => {
    const world = await createWorld(["mock/echo", "mock/fails-after-3-tokens"]);
    const { events, visitorId } = await begin(world);
    const turn = await readTurn(events);
    const { conversationId, prompt } = turn.start;
    const failed = turn.answers.find((answer) => answer.status === "failed")!;
    expect(failed.content).not.toBe("");
    expect(failed.error).toEqual({
      code: "worker-lost",
      message: "This answer could not be finished. Try it again.",
    });
    const rows = await rowsOf(world, conversationId);
    expect(rows.find((row) => row.id === failed.id)).toMatchObject({ errorCode: "internal" });
    const asked = { ...asking(visitorId), conversationId };
    await expect(
      takeTurn(world.arena, { ...asked, turn: { prompt: "go on" } }),
    ).rejects.toMatchObject({ code: "conflict" });
    const whole = turn.answers.find((answer) => answer.status === "complete")!;
    const retry = (answerId: string) =>
      answerAgain(world.arena, { ...asked, again: { promptId: prompt.id, answerId } });
    await expect(retry(whole.id)).rejects.toMatchObject({ code: "conflict" });
    const again = await readTurn(await retry(failed.id));
    expect(again.start.answers).toHaveLength(1);
    expect(again.side(failed.side)).toMatchObject({ parentId: failed.parentId, attempt: 0 });
    await expect(retry(failed.id)).rejects.toMatchObject({ code: "conflict" });
    const after = await rowsOf(world, conversationId);
    const attempts = after.filter((row) => row.side === failed.side);
    expect(new Set(attempts.map((row) => row.modelId)).size).toBe(1);
    const view = await readConversation(world.arena, { visitorId, conversationId });
    expect(view.messages).toHaveLength(3);
    // Both sides anew are another attempt, and of a battle the one that is shown.
    const promptId = prompt.id;
    const both = await readTurn(await answerAgain(world.arena, { ...asked, again: { promptId } }));
    expect(both.answers.map(({ attempt }) => attempt)).toEqual([1, 1]);
    const newest = await readConversation(world.arena, { visitorId, conversationId });
    expect(newest.messages.slice(1).map(({ id }) => id)).toEqual([
      both.side("a").id,
      both.side("b").id,
    ]);
    await world.close();
  });

  test("because its worker died", async () => {
    const world = await createWorld(["mock/echo"], ["mock/dies-after-3-tokens"]);
    const { events } = await begin(world);
    const turn = await readTurn(events);
    const failed = turn.answers.find((answer) => answer.status === "failed")!;
    expect(failed.error?.code).toBe("worker-lost");
    const rows = await rowsOf(world, turn.start.conversationId);
    expect(rows.find((row) => row.id === failed.id)).toMatchObject({
      ...{ errorCode: "worker-lost", modelName: "mock/dies-after-3-tokens" },
    });
    expect(turn.isWhole).toBe(true);
    await world.close();
  });

  test("no more when another worker goes on: the row says who wrote what, and the page hears nothing of it", async () => {
    const dying = ["mock/dies-once-after-3-tokens"];
    const world = await createWorld(["mock/echo"], dying, dying);
    const { events } = await begin(world);
    const turn = await readTurn(events);
    expect(turn.answers.map(({ status }) => status)).toEqual(["complete", "complete"]);
    const rows = await rowsOf(world, turn.start.conversationId);
    const row = rows.find(({ modelName }) => modelName === dying[0])!;
    expect(row).toMatchObject({
      ...{ content: "This will end well, after all.", completionTokens: 8 },
      segments: [{ tokens: 3 }, { workerId: row.workerId, tokens: 5 }],
    });
    expect(rows.find(({ modelName }) => modelName === "mock/echo")?.segments).toBeNull();
    expect(JSON.stringify(turn)).not.toContain("resumed");
    await world.close();
  });

  test("because it refuses, before the first word", async () => {
    const world = await createWorld(["mock/echo", "mock/rejects"]);
    const turn = await readTurn((await begin(world)).events);
    const failed = turn.answers.find((answer) => answer.status === "failed")!;
    expect(failed).toMatchObject({ content: "", error: { code: "worker-lost" } });
    const rows = await rowsOf(world, turn.start.conversationId);
    expect(rows.find((row) => row.id === failed.id)).toMatchObject({ errorCode: "overloaded" });
    await world.close();
  });

  test("because the prompt is too long: both are refused, nothing is written", async () => {
    const world = await createWorld(["mock/echo", "mock/context"]);
    await expect(begin(world, "word ".repeat(100).trim())).rejects.toMatchObject({
      code: "context-length-exceeded",
    });
    expect(await world.db.select().from(messages)).toEqual([]);
    await world.close();
  });
});

test("a worker that is gone but not missed yet: two others are drawn", async () => {
  const world = await createWorld(["mock/slow"], ["mock/echo"], ["mock/random"]);
  await world.workers[0]!.close();
  expect(await world.controller.listModels()).toHaveLength(3);
  const turn = await readTurn((await begin(world)).events);
  expect(turn.answers.map((it) => it.status)).toEqual(["complete", "complete"]);
  await world.workers[1]!.close();
  await expect(begin(world)).rejects.toMatchObject({ code: "no-worker" });
  await world.close();
});

test("fewer than two models awake", async () => {
  const world = await createWorld(["mock/echo"]);
  await expect(begin(world)).rejects.toMatchObject({ code: "no-worker" });
  await world.close();
});

test("answers of a dead process are closed: with text stopped, without failed", async () => {
  const world = await createWorld(["mock/echo", "mock/random"]);
  const { events } = await begin(world);
  const { start } = await readTurn(events);
  const [a, b] = start.answers;
  // As a process leaves them that is killed: one with text, one without, one that lives.
  await world.db.execute(sql`update messages set status = 'streaming', content =
    case when id = ${a!.id}::uuid then 'so far' else '' end, updated_at = now() - interval '1 minute'
    where id in (${a!.id}::uuid, ${b!.id}::uuid)`);
  const living = await begin(world);
  expect(await sweepStaleAnswers(world.db)).toBe(2);
  const rows = await rowsOf(world, start.conversationId);
  expect(rows.find((row) => row.id === a!.id)).toMatchObject({
    status: "stopped",
    content: "so far",
  });
  expect(rows.find((row) => row.id === b!.id)).toMatchObject({
    status: "failed",
    errorCode: "worker-lost",
  });
  expect((await readTurn(living.events)).answers.map((it) => it.status)).toEqual([
    "complete",
    "complete",
  ]);
  await world.close();
});

test("a model that only reads is shown as awake, and neither drawn nor talked to", async () => {
  const world = await createWorld(["mock/echo", "mock/reader"], ["mock/random"]);
  try {
    const { models } = await listModels(world.arena);
    const reader = models.find((it) => it.name === "mock/reader");
    expect(reader).toMatchObject({ awake: true, workers: 1 });
    expect(reader?.features).toEqual(["embeddings", "rerank", "classify", "tokenize"]);
    expect((await readArenaStatus(world.arena)).modelsAwake).toBe(2);
    for (const random of [() => 0, () => 0.5, () => 0.999]) {
      const turn = await readTurn((await beginAny(world, battle("one"), { random })).events);
      const rows = await rowsOf(world, turn.start.conversationId);
      const names = rows.slice(1).map((row) => row.modelName);
      expect(names.sort()).toEqual(["mock/echo", "mock/random"]);
    }
    const refusal = { code: "not-supported", param: "model" };
    await expect(beginAny(world, chat("one", "mock/reader"))).rejects.toMatchObject(refusal);
  } finally {
    await world.close();
  }
});
