/**
 * Goal: nobody learns from the workers' caches what stands behind a battle, or what others ask. Method:
 * the salts that the workers get, by real battles.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheSaltOf } from "@/lib/gateway/cache-salt";
import {
  asking,
  battle,
  begin as beginAny,
  createWorld,
  readAll,
  type World,
} from "./__fixtures__/world";
import { takeTurn } from "./take-turn";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/random"]);
});
afterAll(() => world.close());

const saltsSoFar = () => world.workers.flatMap((worker) => worker.cacheSalts.splice(0));

async function begin(visitorId: string) {
  const { events } = await beginAny(world, battle("one two"), { visitorId });
  const [start] = await readAll(events);
  if (start?.type !== "turn-start") throw new Error("no battle began");
  const salts = saltsSoFar();
  expect(salts).toHaveLength(2);
  expect(new Set(salts).size).toBe(1);
  return { conversationId: start.conversationId, salt: salts[0] };
}

test("a battle's turns share one salt, with no other battle and not with the visitor's own requests", async () => {
  const visitorId = await world.visitor();
  const { conversationId, salt } = await begin(visitorId);
  const asked = { ...asking(visitorId), conversationId, turn: { prompt: "three" } };
  await readAll(await takeTurn(world.arena, asked));
  expect(saltsSoFar()).toEqual([salt, salt]);
  const others = [await begin(visitorId), await begin(await world.visitor())];
  const own = cacheSaltOf({ owner: `visitor:${visitorId}` }, false);
  const all = [salt, own, ...others.map((it) => it.salt)];
  expect(new Set(all).size).toBe(4);
  expect(all).not.toContain(undefined);
});
