/** Goal: nobody's question is written down before they agreed, once for each version. Method: a real database and rules that change. */
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { conversations, visitors } from "@/lib/db/schema/conversations";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { changeRules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { begin, chat, createWorld, readTurn, type World } from "./__fixtures__/world";
import { agreeToTerms, readTerms } from "./terms";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo"]);
});
afterAll(() => world.close());

const hold = (version: string) =>
  changeRules(world.db, arenaSettingsSchema.parse({ terms: { version, text: `Text ${version}` } }));

test("a question is refused until its visitor agrees, and again after a new version", async () => {
  const visitorId = createId();
  await hold("1");
  await expect(begin(world, chat("hello"), { visitorId })).rejects.toMatchObject({
    code: "forbidden",
    param: "terms",
    message: expect.stringContaining("POST /api/terms"),
  });
  expect(await world.db.$count(visitors, eq(visitors.id, visitorId))).toBe(0);
  expect(await readTerms(world.arena, { visitorId })).toEqual({
    ...{ version: "1", text: "Text 1", isAgreed: false },
  });
  await expect(agreeToTerms(world.arena, { visitorId, version: "0" })).rejects.toMatchObject({
    code: "conflict",
  });
  await agreeToTerms(world.arena, { visitorId, version: "1" });
  const [first] = await world.db.select().from(visitors).where(eq(visitors.id, visitorId));
  expect(first).toMatchObject({ termsVersion: "1", termsAt: expect.any(Date) });
  await readTurn((await begin(world, chat("hello"), { visitorId })).events);

  // Agreeing once more moves nothing.
  await agreeToTerms(world.arena, { visitorId, version: "1" });
  const [same] = await world.db.select().from(visitors).where(eq(visitors.id, visitorId));
  expect(same?.termsAt).toEqual(first?.termsAt);

  await hold("2");
  await expect(begin(world, chat("again"), { visitorId })).rejects.toMatchObject({
    code: "forbidden",
  });
  await agreeToTerms(world.arena, { visitorId, version: "2" });
  await readTurn((await begin(world, chat("again"), { visitorId })).events);
  expect(await world.db.$count(conversations, eq(conversations.visitorId, visitorId))).toBe(2);
});

test("without a version nobody is asked", async () => {
  await hold("");
  const visitorId = createId();
  expect((await readTerms(world.arena, { visitorId })).isAgreed).toBe(true);
  await readTurn((await begin(world, chat("hello"), { visitorId })).events);
});
