/** Goal: every way a turn can go ends with the right rows. Method: real worker servers with the mock. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "@/lib/db/schema/conversations";
import { ANSWER_TOKENS_MAX } from "@/lib/limits";
import type { TurnEvent } from "@/lib/protocol/arena-view";
import {
  asking,
  createWorld,
  readAll,
  readTurn,
  toOutcome,
  type World,
} from "./__fixtures__/world";
import { castVote } from "./cast-vote";
import { readChat, regenerateAnswer, startChat, takeChatTurn } from "./chat";
import { createBattle } from "./create-battle";
import { readBattle } from "./read-battle";
import { listModels, readArenaStatus } from "./read-models";
import { retryAnswer } from "./retry-answer";
import { readMessages, sweepStaleAnswers } from "./store";
import { takeBattleTurn } from "./take-battle-turn";
import { countTokens } from "./token-count";

/** Draws the models in the order of their names. */
const inOrder = () => 0;

async function begin(world: World, prompt = "one two three", signal?: AbortSignal) {
  const visitorId = await world.visitor();
  const events = await createBattle(world.arena, {
    ...asking(visitorId, signal),
    ...{ prompt, random: inOrder },
  });
  return { visitorId, events };
}

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
    const view = await readBattle(world.arena, { visitorId, battleId: turn.start.battleId! });
    expect(view.messages.slice(1)).toEqual([turn.side("a"), turn.side("b")]);
    expect(view).toMatchObject({ vote: null, reveal: null });
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
    const battleId = first.start.battleId!;
    const next = await takeBattleTurn(world.arena, {
      ...asking(visitorId),
      ...{ battleId, prompt: "second words" },
    });
    const second = await readTurn(next);
    expect(second.start.prompt.parentId).toBe(first.start.prompt.id);
    const rows = await rowsOf(world, first.start.conversationId);
    const [a, b] = rows.filter((row) => row.parentId === second.start.prompt.id);
    // The mock's tokens of a prompt grow with what the side said before: 60 words against two.
    expect(b!.promptTokens! - a!.promptTokens!).toBeGreaterThan(20);
    const vote = { outcome: "tie", answerAId: a!.id, answerBId: b!.id } as const;
    const view = await castVote(world.arena, { visitorId, battleId, vote });
    expect(view.vote).toEqual(vote);
    expect(view.messages).toHaveLength(6);
  });

  test("the same next prompt from five tabs at once is taken once", async () => {
    const { events, visitorId } = await begin(world);
    const { start } = await readTurn(events);
    const battleId = start.battleId!;
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () =>
        takeBattleTurn(world.arena, { ...asking(visitorId), battleId, prompt: "go on" }),
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
    const visitorId = await world.visitor();
    const started = await startChat(world.arena, {
      ...asking(visitorId),
      ...{ model: "mock/echo", prompt: "hello there" },
    });
    const first = await readTurn(started);
    const chatId = first.start.conversationId;
    expect(first.side(null)).toMatchObject({ content: "hello there", model: "mock/echo" });
    expect(first.side(null).stats).toMatchObject({ temperature: 1 });
    const again = await readTurn(
      await regenerateAnswer(world.arena, {
        ...asking(visitorId),
        ...{ chatId, answerId: first.side(null).id },
      }),
    );
    expect(again.side(null).parentId).toBe(first.start.prompt.id);
    const branch = await readTurn(
      await takeChatTurn(world.arena, {
        ...asking(visitorId),
        ...{ chatId, prompt: "go on", parentId: first.side(null).id },
      }),
    );
    expect(branch.start.prompt.parentId).toBe(first.side(null).id);
    const newest = await readTurn(
      await takeChatTurn(world.arena, { ...asking(visitorId), chatId, prompt: "and on" }),
    );
    expect(newest.start.prompt.parentId).toBe(branch.side(null).id);
    const view = await readChat(world.arena, { visitorId, chatId });
    expect(view.model).toBe("mock/echo");
    expect(view.messages.map((message) => message.role)).toEqual([
      ...["user", "assistant", "assistant", "user", "assistant", "user", "assistant"],
    ]);
  });

  test("unknown and sleeping models, and what is counted", async () => {
    const visitorId = await world.visitor();
    await expect(
      startChat(world.arena, { ...asking(visitorId), model: "nobody", prompt: "x" }),
    ).rejects.toMatchObject({ code: "model-not-found" });
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

describe("a reader that leaves", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(["mock/slow", "mock/never"]);
  });
  afterAll(() => world.close());

  /** The conversation's answers once none is being written. */
  async function settled(conversationId: string) {
    for (;;) {
      const rows = (await rowsOf(world, conversationId)).filter((row) => row.role === "assistant");
      if (rows.every((row) => row.status !== "streaming")) return rows;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("stops both sides: with text stopped, without failed, and may be tried again", async () => {
    const left = new AbortController();
    const { events, visitorId } = await begin(world, "count", left.signal);
    const seen: TurnEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      if (event.type === "text-delta") left.abort();
    }
    const turn = toOutcome(seen);
    const rows = await settled(turn.start.conversationId);
    const stopped = rows.find((row) => row.modelName === "mock/slow")!;
    const silent = rows.find((row) => row.modelName === "mock/never")!;
    expect(stopped).toMatchObject({ status: "stopped", finishReason: null, errorCode: null });
    expect(stopped.content).not.toBe("");
    expect(stopped.workerId).not.toBeNull();
    expect(silent).toMatchObject({ status: "failed", content: "", errorCode: "client-closed" });
    expect(world.controller.inFlight()).toBe(0);
    const battleId = turn.start.battleId!;
    const vote = { outcome: "a", answerAId: rows[0]!.id, answerBId: rows[1]!.id } as const;
    await expect(castVote(world.arena, { visitorId, battleId, vote })).rejects.toMatchObject({
      code: "conflict",
    });
    const again = new AbortController();
    const retried = await retryAnswer(world.arena, {
      ...asking(visitorId, again.signal),
      ...{ battleId, answerId: silent.id },
    });
    again.abort();
    expect((await readTurn(retried)).start.answers).toHaveLength(1);
  });

  test("by closing the iteration, also while it waits", async () => {
    const visitorId = await world.visitor();
    const events = await startChat(world.arena, {
      ...asking(visitorId),
      ...{ model: "mock/never", prompt: "x" },
    });
    const reading = events[Symbol.asyncIterator]();
    const { value: start } = await reading.next();
    await reading.return?.();
    const [row] = await settled((start as TurnEvent & { type: "turn-start" }).conversationId);
    expect(row).toMatchObject({ status: "failed", errorCode: "client-closed" });
  });

  test("a visitor may not have more than four answers running", async () => {
    const left = new AbortController();
    const visitorId = await world.visitor();
    const ask = () =>
      createBattle(world.arena, { ...asking(visitorId, left.signal), prompt: "count" });
    const asked = await Promise.allSettled([ask(), ask(), ask()]);
    const refused = asked.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ code: "overloaded" });
    left.abort();
    for (const result of asked) if (result.status === "fulfilled") await readAll(result.value);
  });

  test("two next prompts at once: one is taken", async () => {
    const left = new AbortController();
    const visitorId = await world.visitor();
    const started = await startChat(world.arena, {
      ...asking(visitorId, left.signal),
      ...{ model: "mock/slow", prompt: "count" },
    });
    const reading = started[Symbol.asyncIterator]();
    const { value: start } = await reading.next();
    const chatId = (start as TurnEvent & { type: "turn-start" }).conversationId;
    await expect(
      takeChatTurn(world.arena, { ...asking(visitorId), chatId, prompt: "more" }),
    ).rejects.toMatchObject({ code: "conflict" });
    left.abort();
    await reading.return?.();
  });
});

describe("a side that fails", () => {
  test("keeps its text, reads the same as any failure, and is tried again by the same model", async () => {
    const world = await createWorld(["mock/echo", "mock/fails-after-3-tokens"]);
    const { events, visitorId } = await begin(world);
    const turn = await readTurn(events);
    const battleId = turn.start.battleId!;
    const failed = turn.answers.find((answer) => answer.status === "failed")!;
    expect(failed.content).not.toBe("");
    expect(failed.error).toEqual({
      code: "worker-lost",
      message: "This answer could not be finished. Try it again.",
    });
    const rows = await rowsOf(world, turn.start.conversationId);
    expect(rows.find((row) => row.id === failed.id)).toMatchObject({ errorCode: "internal" });
    await expect(
      takeBattleTurn(world.arena, { ...asking(visitorId), battleId, prompt: "go on" }),
    ).rejects.toMatchObject({ code: "conflict" });
    const whole = turn.answers.find((answer) => answer.status === "complete")!;
    const retry = (answerId: string) =>
      retryAnswer(world.arena, { ...asking(visitorId), battleId, answerId });
    await expect(retry(whole.id)).rejects.toMatchObject({ code: "conflict" });
    const again = await readTurn(await retry(failed.id));
    expect(again.start.answers).toHaveLength(1);
    expect(again.side(failed.side).parentId).toBe(failed.parentId);
    await expect(retry(failed.id)).rejects.toMatchObject({ code: "not-found" });
    const after = await rowsOf(world, turn.start.conversationId);
    const attempts = after.filter((row) => row.side === failed.side);
    expect(new Set(attempts.map((row) => row.modelId)).size).toBe(1);
    const view = await readBattle(world.arena, { visitorId, battleId });
    expect(view.messages).toHaveLength(3);
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
    const visitorId = await world.visitor();
    const prompt = "word ".repeat(100).trim();
    await expect(createBattle(world.arena, { ...asking(visitorId), prompt })).rejects.toMatchObject(
      { code: "context-length-exceeded" },
    );
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
  await expect(
    createBattle(world.arena, { ...asking(await world.visitor()), prompt: "x" }),
  ).rejects.toMatchObject({ code: "no-worker" });
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
      const visitorId = await world.visitor();
      const battle = { ...asking(visitorId), prompt: "one", random };
      const turn = await readTurn(await createBattle(world.arena, battle));
      const rows = await rowsOf(world, turn.start.conversationId);
      const names = rows.slice(1).map((row) => row.modelName);
      expect(names.sort()).toEqual(["mock/echo", "mock/random"]);
    }
    const chat = { ...asking(await world.visitor()), prompt: "one", model: "mock/reader" };
    const refusal = { code: "not-supported", param: "model" };
    await expect(startChat(world.arena, chat)).rejects.toMatchObject(refusal);
  } finally {
    await world.close();
  }
});
