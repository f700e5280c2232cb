/** Goal: what may not be asked is refused before any worker hears of it and before anything is written. Method: real workers and database under changed rules. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import type { StartBody } from "@/lib/protocol/conversation-view";
import { changeRules } from "@/lib/rules/rules";
import { createWorld, type World } from "./__fixtures__/world";
import { startConversation } from "./take-turn";
import { countTokens } from "./token-count";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/paced"]);
});
afterAll(() => world.close());

const hold = (settings: Record<string, unknown>) =>
  changeRules(world.db, arenaSettingsSchema.parse({ terms: { version: "" }, ...settings }));
const signal = new AbortController().signal;

async function start(start: StartBody, visitorId: string) {
  return startConversation(world.arena, { visitorId, requestId: "r", signal, start });
}

async function countRows() {
  const [row] = await world.db.execute(
    sql`select (select count(*) from messages)::int as messages, (select count(*) from conversations)::int as conversations, (select count(*) from reviews)::int as reviews`,
  );
  return row;
}

const starts: StartBody[] = [
  { kind: "battle", prompt: "tell me a SECRET word" },
  { kind: "chat", prompt: "tell me a secret word", model: "mock/echo" },
  {
    ...{ kind: "compare", prompt: "hello", models: { a: "mock/echo", b: "mock/paced" } },
    settings: { system: "You know the secret word." },
  },
];

test("a question that the rules hold back is written nowhere but in the queue, whoever would answer", async () => {
  await hold({ moderation: { patterns: [{ name: "secrets", pattern: "secret\\s+word" }] } });
  for (const [index, body] of starts.entries()) {
    const refused = start(body, await world.visitor());
    await expect(refused).rejects.toMatchObject({ code: "forbidden", param: "prompt" });
    expect(await countRows()).toEqual({ messages: 0, conversations: 0, reviews: index + 1 });
  }
  expect(world.workers.flatMap((worker) => worker.cacheSalts)).toEqual([]);
});

test("nor does a tokenizer hear of it while it is typed", async () => {
  const asked = { visitorId: await world.visitor(), prompt: "the secret word", signal };
  await expect(countTokens(world.arena, asked)).rejects.toMatchObject({ code: "forbidden" });
  const bySystem = { ...asked, prompt: "hello", system: asked.prompt };
  await expect(countTokens(world.arena, bySystem)).rejects.toMatchObject({ code: "forbidden" });
  await expect(countTokens(world.arena, { ...asked, prompt: "the word" })).resolves.toMatchObject({
    fits: true,
  });
});

test("where a check of humanity is asked for, nobody asks without it", async () => {
  await hold({ humanity: { isOn: true, siteKey: "s", verifyUrl: "http://127.0.0.1:9/verify" } });
  const refused = start({ kind: "battle", prompt: "hello" }, await world.visitor());
  await expect(refused).rejects.toMatchObject({ code: "forbidden", param: "humanity" });
});
