/** Goal: pages know what a model is for, also while it sleeps. Method: real worker servers with the mock. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./__fixtures__/world";
import { listModels } from "./read-models";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo"], ["mock/reader"], ["mock/random"]);
});
afterAll(() => world.close());

test("a model that sleeps keeps what it could be asked for", async () => {
  const awake = await listModels(world.arena);
  const featuresOf = ({ models }: typeof awake, name: string) =>
    models.find((it) => it.name === name)?.features;
  expect(featuresOf(awake, "mock/reader")).toContain("embeddings");
  for (const worker of world.workers.slice(0, 2))
    await world.controller.leave(worker.workerId, worker);
  const asleep = await listModels(world.arena);
  expect(asleep.models.map(({ name, awake, workers }) => [name, awake, workers])).toEqual([
    ["mock/random", true, 1],
    ["mock/echo", false, 0],
    ["mock/reader", false, 0],
  ]);
  for (const name of ["mock/echo", "mock/reader", "mock/random"]) {
    expect(featuresOf(asleep, name)).toEqual(featuresOf(awake, name));
  }
  expect(featuresOf(asleep, "mock/echo")).toContain("chat");
  expect(featuresOf(asleep, "mock/reader")).not.toContain("chat");
});
