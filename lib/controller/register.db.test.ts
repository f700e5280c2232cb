import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import { workerTokens } from "@/lib/db/schema/workers";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import type { RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import type { WorkerKind } from "@/lib/protocol/worker-card";
import { changeRules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { createController } from "./controller";
import { readInstallationId } from "./installation";
import { parseAddress, registerWorker } from "./register";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyTables(database.db, "workers", "worker_tokens", "models");
});

const INSTANCE = "01890000-0000-7000-8000-000000000001";
const offer = {
  ...{ name: "pico", build: "b", contextLength: 100, features: ["chat" as const] },
  description: { skills: [], examplePrompts: [] },
};

function body(state: WorkerLoad["state"], kind: WorkerKind = "mock"): RegisterBody {
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

/** A token's registration, and whoever else's. */
async function tokenOf(name: string) {
  const id = createId();
  await database.db.insert(workerTokens).values({ id, name, prefix: name, hash: name });
  return { tokenId: id, beats: true };
}

const revoke = (db: typeof database.db, { tokenId }: { tokenId: string }) =>
  db.update(workerTokens).set({ revokedAt: sql`now()` }).where(sql`id = ${tokenId}`);

const OTHER = "01890000-0000-7000-8000-000000000002";

test("a token ends nobody else's worker by calling it a Parley that closes a ring", async () => {
  await registerWorker(database.db, body("ready"));
  const ring = body("ready", "parley");
  ring.card.parleys = [await readInstallationId(database.db)];
  const by = await tokenOf("thief");
  await expect(registerWorker(database.db, ring, by)).rejects.toMatchObject({ code: "conflict" });
  expect(await awake()).toEqual(["pico"]);
  await expect(registerWorker(database.db, ring)).rejects.toMatchObject({ code: "conflict" });
  expect(await awake()).toEqual([]);
});

test("a token that is revoked while its worker registers leaves none behind", async () => {
  const by = await tokenOf("revoked");
  const late = await database.db.transaction(async (transaction) => {
    await revoke(transaction, by);
    return { registered: registerWorker(database.db, body("ready"), by).catch((it) => it) };
  });
  expect(await late.registered).toMatchObject({ code: "unauthenticated" });
  expect(await awake()).toEqual([]);
});

test("FastChat's workers take no address that another worker has, and hold none they were not found at", async () => {
  const fastchat = { ...body("ready", "fastchat"), instanceId: OTHER };
  const asks = { ...body("starting", "fastchat"), instanceId: OTHER };
  await registerWorker(database.db, body("ready"));
  const refused = { code: "unavailable", param: "address" };
  for (const it of [asks, fastchat]) {
    await expect(registerWorker(database.db, it)).rejects.toMatchObject(refused);
  }
  expect(await awake()).toEqual(["pico"]);
  await database.db.execute(sql`update workers set state = 'lost'`);
  const own = await tokenOf("own");
  const back = { ...body("ready"), instanceId: createId() };
  await registerWorker(database.db, fastchat);
  await expect(registerWorker(database.db, back, own)).rejects.toMatchObject(refused);
  await database.db.execute(sql`update workers set state = 'starting' where state = 'ready'`);
  const { workerId } = await registerWorker(database.db, back, own);
  expect(workerId).not.toBe("");
});

test("a token has no say in what is told of a model that another's worker serves", async () => {
  const summaryOf = async () => {
    const controller = createController({ db: database.db, probe: async () => "ready" });
    return (await controller.listModels())[0]?.description.summary;
  };
  const told = (summary: string, port: number, kind: WorkerKind = "mock") => {
    const it = { ...body("ready", kind), instanceId: createId() };
    it.address = `http://127.0.0.1:${port}`;
    it.card.models = [{ ...offer, description: { ...offer.description, summary } }];
    return it;
  };
  const guest = await tokenOf("guest");
  await registerWorker(database.db, told("a guest's", 9), guest);
  await registerWorker(database.db, told("the guest's again", 10), guest);
  expect(await summaryOf()).toBe("the guest's again");
  await registerWorker(database.db, told("ours", 11));
  await registerWorker(database.db, told("owned", 12), guest);
  await registerWorker(database.db, told("", 13, "fastchat"));
  expect(await summaryOf()).toBe("ours");
});

test.each([
  "http://user:password@127.0.0.1:9",
  "http://127.0.0.1:9/?query=1",
  "http://127.0.0.1:9/?",
  "http://127.0.0.1:9/#part",
  "ftp://127.0.0.1",
])("no worker is called at %s", (address) => {
  expect(() => parseAddress(address)).toThrow(expect.objectContaining({ param: "address" }));
});

test("a model is entered when it is first offered, as private where a rule hid it before, and comes back", async () => {
  const { db } = database;
  const rule = { model: "hidden", isAnonymousOnly: true };
  await changeRules(db, arenaSettingsSchema.parse({ sampling: { models: [rule] } }));
  const offering = body("ready");
  offering.card.models = ["hidden", "pico"].map((name) => ({ ...offer, name }));
  await registerWorker(db, offering);
  await db.update(models).set({ retiredAt: sql`now()`, lastOfferedAt: null });
  await registerWorker(db, offering);
  const rows = await db
    .select({ name: models.name, kind: modelLedger.kind })
    .from(modelLedger)
    .innerJoin(models, eq(models.id, modelLedger.modelId))
    .orderBy(modelLedger.createdAt);
  const kindsOf = (name: string) => rows.filter((it) => it.name === name).map(({ kind }) => kind);
  expect(kindsOf("hidden")).toEqual(["registered", "made-private", "returned"]);
  expect(kindsOf("pico")).toEqual(["registered", "returned"]);
  const all = await db.select().from(models);
  for (const it of all) expect([it.retiredAt, it.lastOfferedAt === null]).toEqual([null, false]);
});
