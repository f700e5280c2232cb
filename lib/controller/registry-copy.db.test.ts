import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { REGISTRY_TURNS_MAX } from "@/lib/fleet-limits";
import { toControllerConfig } from "./controller-config";
import { RegistryCopy } from "./registry-copy";
import { WorkerPicture } from "./worker-picture";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("changes that never end hold up no reading for good", async () => {
  let readings = 0;
  let taken = 0;
  const copy: RegistryCopy = new RegistryCopy({
    db: database.db,
    picture: new WorkerPicture(),
    config: toControllerConfig(),
    // Asked once in the middle of every reading.
    now: () => {
      readings += 1;
      copy.changing();
      return 0;
    },
    onRead: () => {
      taken += 1;
    },
    onFirst: async () => undefined,
  });
  await copy.readChanged();
  expect(taken).toBe(1);
  // One more: the refresh itself asks when it begins.
  expect(readings).toBe(REGISTRY_TURNS_MAX + 1);
  await copy.current();
  expect(taken).toBe(2);
});
