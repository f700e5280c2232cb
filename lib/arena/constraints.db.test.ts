/**
 * Goal: states that must not be cannot be stored, whatever the code above does.
 * Method: one sound battle by raw inserts, then each attack changes one thing of it.
 */
import { type SQL, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createId } from "@/lib/util/id";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const run = (statement: SQL) => database.db.execute(statement);

/** The name of the constraint that refuses the statement; "" when it passes. */
async function refusedBy(statement: SQL): Promise<string> {
  try {
    await run(statement);
    return "";
  } catch (error) {
    const cause = (error as Error).cause as { constraint_name?: string; code?: string };
    return cause.constraint_name ?? `sqlstate ${cause.code}`;
  }
}

type Ids = Record<
  | "visitor"
  | "other"
  | "modelX"
  | "modelY"
  | "worker"
  | "conversation"
  | "chat"
  | "battle"
  | "prompt"
  | "a"
  | "b",
  string
>;
let ids: Ids;

const PROVENANCE = sql`model_build, worker_id, parameters, seed, prompt_tokens, completion_tokens, first_token_ms, duration_ms, finish_reason`;
const provenance = () => sql`'build', ${ids.worker}, '{}', 1, 1, 1, 1, 1, 'stop'`;

function answer(
  changes: { id?: string; side?: string | null; status?: string; parent?: string } = {},
) {
  const { id = createId(), side = "a", status = "complete", parent = ids.prompt } = changes;
  return sql`insert into messages (id, conversation_id, parent_id, role, side, status, model_id, ${PROVENANCE})
    values (${id}, ${ids.conversation}, ${parent}, 'assistant', ${side}, ${status}, ${ids.modelX}, ${provenance()})`;
}

function vote(
  changes: Partial<Record<"battle" | "conversation" | "visitor" | "a" | "b", string>> & {
    blind?: boolean;
    outcome?: string;
  } = {},
) {
  const { battle, conversation, visitor, a, b, blind, outcome } = {
    ...ids,
    blind: true,
    outcome: "a",
    ...changes,
  };
  return sql`insert into votes (id, battle_id, conversation_id, visitor_id, answer_a_id, answer_b_id, outcome, blind)
    values (${createId()}, ${battle}, ${conversation}, ${visitor}, ${a}, ${b}, ${outcome}, ${blind})`;
}

beforeEach(async () => {
  const names = [
    "visitor",
    "other",
    "modelX",
    "modelY",
    "worker",
    "conversation",
    "chat",
    "battle",
    "prompt",
    "a",
    "b",
  ] as const;
  ids = Object.fromEntries(names.map((name) => [name, createId()])) as Ids;
  await run(sql`insert into visitors (id) values (${ids.visitor}), (${ids.other})`);
  await run(
    sql`insert into models (id, name, description) values (${ids.modelX}, ${ids.modelX}, '{}'), (${ids.modelY}, ${ids.modelY}, '{}')`,
  );
  await run(sql`insert into workers (id, instance_id, kind, name, version, address, slots, waiting_max, state, load)
    values (${ids.worker}, ${createId()}, 'mock', 'w', '1', 'http://w', 1, 0, 'ready', '{}')`);
  await run(sql`insert into conversations (id, visitor_id, kind, model_id) values
    (${ids.conversation}, ${ids.visitor}, 'battle', null), (${ids.chat}, ${ids.visitor}, 'chat', ${ids.modelX})`);
  await run(sql`insert into battles (id, conversation_id, conversation_kind, model_a_id, model_b_id, pair_probability, draw_method)
    values (${ids.battle}, ${ids.conversation}, 'battle', ${ids.modelX}, ${ids.modelY}, 0.5, 'uniform')`);
  await run(
    sql`insert into messages (id, conversation_id, role, content) values (${ids.prompt}, ${ids.conversation}, 'user', 'hi')`,
  );
  await run(answer({ id: ids.a, side: "a" }));
  await run(answer({ id: ids.b, side: "b" }));
});

test("the sound battle takes one blind vote", async () => {
  expect(await refusedBy(vote())).toBe("");
});

test("two blind votes", async () => {
  await run(vote());
  expect(await refusedBy(vote({ outcome: "b" }))).toMatch(/^votes_one/);
  // Not even on another turn of the battle.
  const [prompt, a, b] = [createId(), createId(), createId()];
  await run(
    sql`insert into messages (id, conversation_id, parent_id, role, content) values (${prompt}, ${ids.conversation}, ${ids.prompt}, 'user', 'more')`,
  );
  await run(answer({ id: a, side: "a", parent: prompt }));
  await run(answer({ id: b, side: "b", parent: prompt }));
  expect(await refusedBy(vote({ a, b }))).toBe("votes_one_blind");
  expect(await refusedBy(vote({ a, b, blind: false }))).toBe("");
});

test("a vote on an answer that is still written, or that failed", async () => {
  await run(sql`update messages set status = 'streaming' where id = ${ids.a}`);
  expect(await refusedBy(vote())).toBe("votes_answer_a");
  await run(
    sql`update messages set status = 'failed', error_code = 'internal' where id = ${ids.a}`,
  );
  expect(await refusedBy(vote())).toBe("votes_answer_a");
  await run(sql`update messages set status = 'stopped', error_code = null where id = ${ids.a}`);
  expect(await refusedBy(vote())).toBe("");
});

test("an answer that was voted on becomes unsettled", async () => {
  await run(vote());
  expect(await refusedBy(sql`update messages set status = 'streaming' where id = ${ids.a}`)).toBe(
    "votes_answer_a",
  );
  expect(await refusedBy(sql`update messages set side = 'b' where id = ${ids.a}`)).not.toBe("");
});

test("a vote with swapped sides, with one answer twice, with none", async () => {
  expect(await refusedBy(vote({ a: ids.b, b: ids.a }))).toMatch(/^votes_answer/);
  expect(await refusedBy(vote({ b: ids.a }))).toBe("votes_answer_b");
  expect(await refusedBy(vote({ a: createId() }))).toBe("votes_answer_a");
});

test("a vote by another visitor, on another conversation, with another word", async () => {
  expect(await refusedBy(vote({ visitor: ids.other }))).toBe("votes_visitor");
  expect(await refusedBy(vote({ conversation: ids.chat }))).toMatch(/^votes_/);
  expect(await refusedBy(vote({ outcome: "both" }))).toBe("votes_outcome");
  expect(await refusedBy(vote({ battle: createId() }))).toBe("votes_battle");
});

test("a battle of a model with itself, in a chat, without odds, twice in a conversation", async () => {
  const battle = (conversation: string, b: string, probability: number) =>
    sql`insert into battles (id, conversation_id, conversation_kind, model_a_id, model_b_id, pair_probability, draw_method)
      values (${createId()}, ${conversation}, 'battle', ${ids.modelX}, ${b}, ${probability}, 'uniform')`;
  const fresh = createId();
  await run(
    sql`insert into conversations (id, visitor_id, kind) values (${fresh}, ${ids.visitor}, 'battle')`,
  );
  expect(await refusedBy(battle(fresh, ids.modelX, 0.5))).toBe("battles_two_models");
  expect(await refusedBy(battle(ids.chat, ids.modelY, 0.5))).toBe("battles_conversation");
  for (const probability of [0, -1, 1.5, Number.NaN]) {
    expect(await refusedBy(battle(fresh, ids.modelY, probability))).toBe("battles_probability");
  }
  expect(await refusedBy(battle(ids.conversation, ids.modelY, 0.5))).toMatch(
    /^battles_conversation/,
  );
  expect(await refusedBy(battle(fresh, ids.modelY, 1))).toBe("");
});

test("a chat without a model, a battle with one, a kind of its own", async () => {
  const conversation = (kind: string, model: string | null) =>
    sql`insert into conversations (id, visitor_id, kind, model_id) values (${createId()}, ${ids.visitor}, ${kind}, ${model})`;
  expect(await refusedBy(conversation("chat", null))).toBe("conversations_model");
  expect(await refusedBy(conversation("battle", ids.modelX))).toBe("conversations_model");
  expect(await refusedBy(conversation("duel", null))).toBe("conversations_kind");
});

test("an answer without model, prompt or status, or of another conversation's prompt", async () => {
  const insert = (
    conversation: string,
    values: { parent?: string | null; model?: string | null; status?: string | null },
  ) => {
    const { parent = ids.prompt, model = ids.modelX, status = "streaming" } = values;
    return sql`insert into messages (id, conversation_id, parent_id, role, status, model_id)
      values (${createId()}, ${conversation}, ${parent}, 'assistant', ${status}, ${model})`;
  };
  expect(await refusedBy(insert(ids.conversation, { model: null }))).toBe("messages_answer");
  expect(await refusedBy(insert(ids.conversation, { parent: null }))).toBe("messages_answer");
  expect(await refusedBy(insert(ids.conversation, { status: null }))).toBe("messages_answer");
  expect(await refusedBy(insert(ids.conversation, { status: "done" }))).toBe("messages_status");
  expect(await refusedBy(insert(ids.chat, {}))).toBe("messages_parent_in_conversation");
  expect(await refusedBy(insert(ids.conversation, {}))).toBe("");
});

test("a complete answer that does not say what made it", async () => {
  for (const column of [
    "model_build",
    "worker_id",
    "parameters",
    "prompt_tokens",
    "completion_tokens",
    "first_token_ms",
    "duration_ms",
    "finish_reason",
  ]) {
    const statement = sql`update messages set ${sql.identifier(column)} = null where id = ${ids.a}`;
    expect(await refusedBy(statement), column).toBe("messages_complete");
  }
});

test("a failure without a reason, a reason without a failure", async () => {
  expect(await refusedBy(sql`update messages set status = 'failed' where id = ${ids.a}`)).toBe(
    "messages_failed",
  );
  expect(
    await refusedBy(sql`update messages set error_code = 'internal' where id = ${ids.a}`),
  ).toBe("messages_failed");
});

test("a second answer on a side that has one, but not on a side that failed", async () => {
  expect(await refusedBy(answer({ side: "a" }))).toBe("messages_one_answer_a_side");
  await run(
    sql`update messages set status = 'failed', error_code = 'internal' where id = ${ids.a}`,
  );
  expect(await refusedBy(answer({ side: "a" }))).toBe("");
});

test("an empty prompt, a prompt with a side, a third side", async () => {
  const prompt = (content: string, side: string | null) =>
    sql`insert into messages (id, conversation_id, role, content, side) values (${createId()}, ${ids.conversation}, 'user', ${content}, ${side})`;
  expect(await refusedBy(prompt("", null))).toBe("messages_prompt");
  expect(await refusedBy(prompt("hi", "a"))).toBe("messages_prompt");
  expect(await refusedBy(answer({ side: "c" }))).toBe("messages_side");
});

test("a rating that is none", async () => {
  const day = (rating: string, lower: string, upper: string) =>
    sql`insert into board_days (key, model_id, day, rating, lower, upper, rank, votes)
      values ('overall@all', ${ids.modelX}, '2026-01-01', ${rating}::float8, ${lower}::float8, ${upper}::float8, 1, 1)`;
  expect(await refusedBy(day("1000", "1001", "1100"))).toBe("board_days_interval");
  expect(await refusedBy(day("NaN", "NaN", "NaN"))).toBe("board_days_interval");
  expect(await refusedBy(day("Infinity", "0", "Infinity"))).toBe("board_days_interval");
  expect(await refusedBy(day("1000", "900", "1100"))).toBe("");
});

test("of reports of one answer one is open", async () => {
  const flag = (state: string) =>
    sql`insert into reviews (id, kind, state, message_id, evidence) values (${createId()}, 'flag', ${state}, ${ids.a}, '{}')`;
  expect(await refusedBy(flag("open"))).toBe("");
  expect(await refusedBy(flag("open"))).toBe("reviews_one_open_flag");
  expect(await refusedBy(flag("dismissed"))).toBe("");
});

test("what follows a message and what others said of two models is found by an index", async () => {
  const planOf = async (statement: SQL) =>
    database.db.transaction(async (transaction) => {
      // These tables are too small for an index to be worth it.
      await transaction.execute(sql`set local enable_seqscan = off`);
      return JSON.stringify(await transaction.execute(sql`explain ${statement}`));
    });
  const [x, y] = [sql.raw(`'${ids.modelX}'`), sql.raw(`'${ids.modelY}'`)];
  const pair = sql`select count(*) from ballots where counted and ((model_a_id = ${x} and model_b_id = ${y}) or (model_a_id = ${y} and model_b_id = ${x}))`;
  expect(await planOf(pair)).toMatch(/ballots_by_model/);
  const either = sql`select count(*) from ballots where counted and (model_a_id in (${x}) or model_b_id in (${x}))`;
  expect(await planOf(either)).toContain("ballots_by_model_b");
  // As the foreign key asks when a message is deleted.
  const child = sql.raw(
    `select 1 from messages where '${ids.prompt}' = parent_id and '${ids.conversation}' = conversation_id for key share`,
  );
  expect(await planOf(child)).toContain("messages_by_parent");
});
