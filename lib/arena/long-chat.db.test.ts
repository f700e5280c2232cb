/** Goal: a chat of 10,000 messages is read in parts, counted along the branch that is shown, and goes on. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MESSAGES_SHOWN_AT_ONCE } from "@/lib/arena-limits";
import { asking, begin, chat, createWorld, readTurn, type World } from "./__fixtures__/world";
import { readConversation } from "./read-conversation";
import { takeTurn } from "./take-turn";
import { countTokens } from "./token-count";

const TURNS = 4_998;
let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/vast"]);
});
afterAll(() => world.close());

/** Adds turns of two words each after the newest answer. */
async function fill(conversationId: string): Promise<void> {
  await world.db.execute(sql`
    with made as (
      select n, gen_random_uuid() as prompt_id, gen_random_uuid() as answer_id
      from generate_series(1, ${TURNS}::int) as n
    ), first as (
      select * from messages where conversation_id = ${conversationId} and role = 'assistant'
    ), chain as (
      select *, coalesce(lag(answer_id) over (order by n), (select id from first)) as parent_id
      from made
    ), rows as (
      select prompt_id as id, parent_id, 'user' as role, 'q' || n as content, n * 2 as place,
        null as status, null::uuid as model_id, null as error_code
      from chain
      union all
      select answer_id, prompt_id, 'assistant', 'a' || n, n * 2 + 1, 'stopped', model_id, null
      from chain, first
    )
    insert into messages (id, conversation_id, parent_id, role, content, created_at, status, model_id, error_code)
    select id, ${conversationId}, parent_id, role, content,
      (select created_at from first) + make_interval(secs => place * 0.00001), status, model_id, error_code
    from rows`);
}

test("ten thousand messages come in parts that add up, and the chat goes on", async () => {
  const { events, visitorId } = await begin(world, chat("first", "mock/vast"));
  const first = await readTurn(events);
  const { conversationId } = first.start;
  await fill(conversationId);

  const ids: string[] = [];
  let parts = 0;
  for (let before: string | undefined, isMore = true; isMore; parts++) {
    const page = before === undefined ? {} : { before };
    const view = await readConversation(world.arena, { conversationId, visitorId, page });
    expect(view.messages.length).toBeLessThanOrEqual(MESSAGES_SHOWN_AT_ONCE);
    ids.unshift(...view.messages.map((it) => it.id));
    isMore = view.earlier !== undefined;
    expect(view.earlier ?? view.messages[0]?.id).toBe(view.messages[0]?.id);
    before = view.earlier;
  }
  const whole = await readConversation(world.arena, { conversationId, visitorId });
  expect(ids).toEqual(whole.messages.map((it) => it.id));
  expect(ids).toHaveLength(2 * (TURNS + 1));
  expect(parts).toBe(Math.ceil(ids.length / MESSAGES_SHOWN_AT_ONCE));
  expect(whole.earlier).toBeUndefined();

  const unknown = { before: first.start.prompt.id.replace(/.{4}$/, "0000") };
  await expect(
    readConversation(world.arena, { conversationId, visitorId, page: unknown }),
  ).rejects.toMatchObject({ code: "not-found", param: "before" });

  const turn = { prompt: "and on" };
  const next = await readTurn(
    await takeTurn(world.arena, { ...asking(visitorId), conversationId, turn }),
  );
  expect(next.side(null)).toMatchObject({ status: "complete", content: "and on" });
  // Every message has been read by the model.
  expect(next.side(null).stats?.promptTokens).toBeGreaterThan(2 * TURNS);
});

test("tokens are those of the branch that the prompt follows, and of the system prompt in force", async () => {
  const { events, visitorId } = await begin(world, chat("one", "mock/vast"));
  const first = await readTurn(events);
  const { conversationId } = first.start;
  const long = { prompt: "word ".repeat(200).trim() };
  await readTurn(await takeTurn(world.arena, { ...asking(visitorId), conversationId, turn: long }));
  const { signal } = new AbortController();
  const count = async (over: { parentId?: string | null; system?: string }) =>
    (await countTokens(world.arena, { visitorId, prompt: "next", conversationId, signal, ...over }))
      .promptTokens;
  const newest = await count({});
  const branch = await count({ parentId: first.side(null).id });
  const none = await count({ parentId: null });
  expect(newest).toBeGreaterThan(branch + 200);
  expect(branch).toBeGreaterThan(none);
  expect(await count({ parentId: null, system: "be brief and kind" })).toBeGreaterThan(none);
  await expect(count({ parentId: first.start.prompt.id })).rejects.toMatchObject({
    ...{ code: "not-found", param: "parentId" },
  });
});
