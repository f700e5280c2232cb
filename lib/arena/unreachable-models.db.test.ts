/** Goal: the stored probability of a pair is that of the draw that was made, also where a model counts as awake and is gone. Method: a worker that is closed and goes on with its signs of life. */
import { desc } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { battles } from "@/lib/db/schema/battles";
import { seededRandom } from "@/lib/util/random";
import { battle, begin, createWorld, readTurn, type World } from "./__fixtures__/world";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/random"], ["mock/paced"]);
});
afterAll(() => world.close());

test("a model that was found gone is in no later draw", async () => {
  await world.workers[1]?.close();
  const random = seededRandom(7);
  const probabilities: number[] = [];
  for (let round = 0; round < 12; round++) {
    const { events } = await begin(world, battle("hello"), { random });
    await readTurn(events);
    const [row] = await world.db.select().from(battles).orderBy(desc(battles.createdAt)).limit(1);
    probabilities.push(row?.pairProbability ?? 0);
  }
  const found = probabilities.indexOf(1 / 2);
  expect(found).toBeGreaterThanOrEqual(0);
  expect(found).toBeLessThan(11);
  expect(new Set(probabilities.slice(0, found))).toEqual(new Set(found > 0 ? [1 / 6] : []));
  expect(new Set(probabilities.slice(found))).toEqual(new Set([1 / 2]));
});
