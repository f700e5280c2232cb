import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import type { RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import { createController } from "./controller";
import { registerWorker } from "./register";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db.execute(sql`truncate workers, models cascade`);
});

const INSTANCE = "01890000-0000-7000-8000-000000000001";
const offer = {
  ...{ name: "pico", build: "b", contextLength: 100, features: ["chat" as const] },
  description: { skills: [], examplePrompts: [] },
};

function body(state: WorkerLoad["state"], kind: "mock" | "parley" = "mock"): RegisterBody {
  const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  const card = { kind, name: "w", version: "1", slots: 1, waitingMax: 1 };
  return {
    ...{ instanceId: INSTANCE, address: "http://127.0.0.1:9" },
    card: { ...card, models: state === "ready" ? [offer] : [] },
    load: { state, running: 0, waiting: 0, counters },
    ...(state === "starting" && { starting: ["pico"] }),
  };
}

const awake = async () => {
  const controller = createController({ db: database.db, probe: async () => "ready" });
  return (await controller.listModels()).map(({ name }) => name);
};

test("a worker's first word that comes after its second takes no models from it", async () => {
  const first = await registerWorker(database.db, body("starting"));
  await registerWorker(database.db, body("ready"));
  const late = await registerWorker(database.db, body("starting"));
  expect(late.workerId).toBe(first.workerId);
  expect(await awake()).toEqual(["pico"]);
});

test("a Parley that has lost its models says so", async () => {
  await registerWorker(database.db, body("ready", "parley"));
  await registerWorker(database.db, body("starting", "parley"));
  expect(await awake()).toEqual([]);
});
