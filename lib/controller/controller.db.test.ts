/**
 * Goal: the registry says who is there, who is not and why, also across restarts and an absent database.
 * Method: a real database, a clock that the test moves, and answers of workers that it hands in.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ChangeFeed } from "@/lib/db/change-feed";
import { openDatabase } from "@/lib/db/client";
import { models } from "@/lib/db/schema/models";
import { workers } from "@/lib/db/schema/workers";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { AppError } from "@/lib/errors";
import { WORKER_STALE_AFTER_MS } from "@/lib/fleet-limits";
import { adminWorkersSchema } from "@/lib/protocol/arena-view";
import type { RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import { createId } from "@/lib/util/id";
import { startTestWorker, TEST_SECRET } from "@/worker/server-testing";
import { Controller, createController } from "./controller";
import type { Wanted } from "./explain-absence";
import { listWorkers } from "./list-workers";
import { orderWorker } from "./order-worker";
import type { Reservation } from "./places";
import type { Probe, ProbeOutcome } from "./probe";
import { findMissing } from "./readiness";
import { writeAnswered } from "./store";

let database: TestDatabase;
let nowMs = 0;
const now = () => nowMs;
const CHAT = ["chat"] as const;
const dead: Probe = async () => "refused";
const NOBODY = new Set<string>();

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyTables(database.db, "workers", "models");
  nowMs = 0;
});

/** Time passes for the processes of this test. */
async function pass(ms: number): Promise<void> {
  nowMs += ms;
}

/** The same, and beats are as much older by their rows, for a process that has not seen them before. */
async function age(ms: number): Promise<void> {
  nowMs += ms;
  await database.db.execute(
    sql`update workers set last_heartbeat_at = last_heartbeat_at - make_interval(secs => ${ms / 1000})`,
  );
}

function load(more: Partial<WorkerLoad> = {}): WorkerLoad {
  const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  return { state: "ready", running: 0, waiting: 0, counters, ...more };
}

function body(names: string[], more: Partial<RegisterBody> = {}): RegisterBody {
  const offers = names.map((name) => ({
    name,
    build: `build-of-${name}`,
    contextLength: 512,
    features: [...CHAT],
    description: { summary: `About ${name}.`, skills: [], examplePrompts: [] },
  }));
  return {
    instanceId: createId(),
    address: `http://127.0.0.1:${10_000 + Math.floor(Math.random() * 20_000)}`,
    card: { kind: "mock", name: "w", version: "1", slots: 2, waitingMax: 4, models: offers },
    load: load(),
    ...more,
  };
}

async function reserve(controller: Controller, wanted: Wanted): Promise<Reservation | undefined> {
  await controller.whenCurrent();
  const place = controller.place(wanted, { passedOver: NOBODY, maySuspect: true });
  return place.kind === "taken" ? place.reservation : undefined;
}

async function stateIn(workerId: string): Promise<string | undefined> {
  const rows = await database.db.select().from(workers);
  return rows.find(({ id }) => id === workerId)?.state;
}

async function refusal(act: Promise<unknown>): Promise<AppError> {
  try {
    await act;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("registering", () => {
  test("makes a model awake, with what its worker said of it", async () => {
    const controller = new Controller({ db: database.db, now });
    const { workerId } = await controller.register(body(["m/one"]));
    const [model] = await controller.listModels();
    expect(model).toMatchObject({
      name: "m/one",
      build: "build-of-m/one",
      contextLength: 512,
      workers: 1,
      description: { summary: "About m/one." },
    });
    expect(await controller.readWorkerCounts()).toEqual({ ready: 1, known: 1 });
    const reserved = await reserve(controller, { model: "m/one", features: CHAT });
    expect(reserved?.workerId).toBe(workerId);
    reserved?.release();
  });

  test("twice for one instance is once, also at the same moment", async () => {
    const controller = new Controller({ db: database.db, now });
    const said = body(["m/one", "m/two"]);
    const replies = await Promise.all([1, 2, 3, 4].map(() => controller.register(said)));
    expect(new Set(replies.map((reply) => reply.workerId)).size).toBe(1);
    expect(await controller.readWorkerCounts()).toEqual({ ready: 1, known: 1 });
  });

  test("again at the same address ends the life before, however the address is spelled", async () => {
    const controller = new Controller({ db: database.db, now });
    const first = await controller.register(body(["m/one"], { address: "http://127.0.0.1:4000" }));
    const second = await controller.register(
      body(["m/one"], { address: "http://127.0.0.1:4000/" }),
    );
    expect(second.workerId).not.toBe(first.workerId);
    expect((await controller.listWorkers()).map((worker) => worker.id)).toEqual([second.workerId]);
  });

  test("keeps a model's id and takes the newest description", async () => {
    const controller = new Controller({ db: database.db, now });
    await controller.register(body(["m/one"]));
    const [before] = await controller.listModels();
    const again = body(["m/one"]);
    again.card.models[0]!.description = { summary: "Newer.", skills: [], examplePrompts: [] };
    await controller.register(again);
    const [after] = await controller.listModels();
    expect(after).toMatchObject({ modelId: before?.modelId, workers: 2 });
    expect(after?.description.summary).toBe("Newer.");
    expect(await database.db.select().from(models)).toHaveLength(1);
  });

  test("refuses a model named twice and an address that is no HTTP", async () => {
    const controller = new Controller({ db: database.db, now });
    expect((await refusal(controller.register(body(["m", "m"])))).param).toBe("card.models");
    const ftp = await refusal(controller.register(body(["m"], { address: "ftp://127.0.0.1/" })));
    expect(ftp).toMatchObject({ code: "invalid-request", param: "address" });
  });

  test("many workers with the same models at once leave no deadlock", async () => {
    const controller = new Controller({ db: database.db, now });
    const names = ["c", "a", "d", "b"];
    const bodies = Array.from({ length: 12 }, (_, index) =>
      body(index % 2 ? names : names.toReversed(), { address: `http://127.0.0.1:${5000 + index}` }),
    );
    await Promise.all(bodies.map((it) => controller.register(it)));
    expect((await controller.listModels()).map((model) => model.workers)).toEqual([12, 12, 12, 12]);
  });
});

describe("silence", () => {
  test("takes a worker out of every answer, whatever its row says, and a beat keeps it in", async () => {
    const controller = new Controller({ db: database.db, now });
    const said = body(["m/one"]);
    const { workerId } = await controller.register(said);
    for (let beat = 0; beat < 4; beat++) {
      await pass(WORKER_STALE_AFTER_MS - 500);
      await controller.heartbeat(workerId, { instanceId: said.instanceId, load: load() });
      expect(await controller.readWorkerCounts()).toEqual({ ready: 1, known: 1 });
    }
    await pass(WORKER_STALE_AFTER_MS + 500);
    await controller.sweep();
    expect(await controller.listModels()).toEqual([]);
    expect((await controller.listWorkers())[0]).toMatchObject({
      state: "lost",
      reason: "silent for 11 s, and does not answer",
    });
    const error = await refusal(reserve(controller, { model: "m/one", features: CHAT }));
    expect(error).toMatchObject({ code: "no-worker", retryAfterSeconds: 5 });
    expect(error.message).toContain("lost");
  });

  test("is written down by the sweeper; the beat that comes after asks for a new registration", async () => {
    const controller = new Controller({ db: database.db, now });
    const said = body(["m/one"]);
    const { workerId } = await controller.register(said);
    await pass(WORKER_STALE_AFTER_MS + 500);
    await controller.sweep();
    const [row] = await database.db.select().from(workers);
    expect(row?.state).toBe("lost");
    const beat = controller.heartbeat(workerId, { instanceId: said.instanceId, load: load() });
    expect((await refusal(beat)).code).toBe("not-found");
    expect((await controller.register(said)).workerId).toBe(workerId);
    expect(await controller.readWorkerCounts()).toEqual({ ready: 1, known: 1 });
  });

  test("of the web process itself is nobody's fault: a restarted one serves at once", async () => {
    const before = new Controller({ db: database.db, now });
    const { workerId } = await before.register(body(["m/one"]));
    await age(60_000);
    const restarted = new Controller({ db: database.db, now, probe: async () => "ready" });
    const reserved = await reserve(restarted, { model: "m/one", features: CHAT });
    expect(reserved?.workerId).toBe(workerId);
    await restarted.sweep();
    expect((await restarted.listWorkers())[0]?.state).toBe("ready");
    // As long as it answers, however silent; and not a moment longer.
    await pass(WORKER_STALE_AFTER_MS + 500);
    await restarted.sweep();
    expect(await restarted.readWorkerCounts()).toEqual({ ready: 1, known: 1 });
    const third = new Controller({ db: database.db, now, probe: dead });
    expect(await third.listModels()).toEqual([]);
  });

  test("of a worker of yesterday is told from that of a worker in an outage by asking it", async () => {
    const [alive, other] = await Promise.all([startTestWorker(), startTestWorker()]);
    onTestFinished(() => Promise.all([alive.close(), other.close()]).then(() => undefined));
    const { instanceId } = alive.server;
    const before = new Controller({ db: database.db, now });
    const survivor = { instanceId, address: alive.address };
    const { workerId } = await before.register(body(["m/one"], survivor));
    // Another life has this one's port now; nobody has the next one's.
    await before.register(body(["m/one"], { address: other.address }));
    await before.register(body(["m/two"], { address: "http://127.0.0.1:9" }));
    await age(60_000);
    // Heard a moment ago, and gone all the same.
    await before.register(body(["m/three"], { address: "http://127.0.0.1:10" }));

    const restarted = new Controller({ db: database.db, now });
    const names = (await restarted.listModels()).map(({ name, workers }) => [name, workers]);
    expect(names).toEqual([["m/one", 1]]);
    const reserved = await reserve(restarted, { model: "m/one", features: CHAT });
    expect(reserved?.workerId).toBe(workerId);
    const rows = await database.db.select().from(workers);
    await restarted.sweep();
    const after = await database.db.select().from(workers);
    expect(rows.length).toBe(4);
    expect(after.filter((row) => row.state === "lost")).toHaveLength(2);
  });

  test("is not counted while the database is away: the last picture serves, beats are heard", async () => {
    const away = openDatabase(database.url, { connectionsMax: 1 });
    const controller = new Controller({ db: away.db, now });
    const said = body(["m/one"]);
    const { workerId } = await controller.register(said);
    await away.close();
    for (let beat = 0; beat < 4; beat++) {
      await pass(8_000);
      await controller.heartbeat(workerId, { instanceId: said.instanceId, load: load() });
    }
    expect((await controller.listModels()).map((model) => model.name)).toEqual(["m/one"]);
    await controller.sweep();
    // A worker that falls silent meanwhile is noticed all the same.
    await pass(WORKER_STALE_AFTER_MS + 500);
    await controller.sweep();
    expect(await controller.listModels()).toEqual([]);
  });
});

describe("who takes a request", () => {
  test("is the shortest queue, counting what was sent since the last report", async () => {
    const controller = new Controller({ db: database.db, now });
    await controller.register(body(["m/one"]));
    await controller.register(body(["m/one"]));
    const taken = [];
    for (let index = 0; index < 6; index++) {
      taken.push(await reserve(controller, { model: "m/one", features: CHAT }));
    }
    const [one, ...others] = taken.map((it) => it?.workerId);
    expect(others.filter((id) => id === one)).toHaveLength(2);
    expect(controller.inFlight()).toBe(6);
    const [view] = await controller.listWorkers();
    expect(view).toMatchObject({ running: 2, waiting: 1, slots: 2 });
    for (const reservation of taken) {
      reservation?.release();
      reservation?.release();
    }
    expect(controller.inFlight()).toBe(0);
  });

  test("is nobody's load for what takes no slot", async () => {
    const controller = new Controller({ db: database.db, now });
    const { workerId } = await controller.register(body(["m/one"]));
    const wanted = { model: "m/one", features: CHAT };
    for (let index = 0; index < 9; index++) {
      expect((await controller.visit(wanted, NOBODY))?.workerId).toBe(workerId);
    }
    expect(await controller.visit(wanted, new Set([workerId]))).toBeUndefined();
    expect(controller.inFlight()).toBe(0);
    expect((await controller.listWorkers())[0]).toMatchObject({ running: 0, waiting: 0 });
    expect((await refusal(controller.visit({ ...wanted, model: "x" }, NOBODY))).code).toBe(
      "model-not-found",
    );
  });

  test("is never one that drains or left, and the refusal says which", async () => {
    const controller = new Controller({ db: database.db, now });
    const said = body(["m/one"]);
    const { workerId } = await controller.register(said);
    await controller.heartbeat(workerId, {
      instanceId: said.instanceId,
      load: load({ state: "draining" }),
    });
    const wanted = { model: "m/one", features: CHAT };
    expect((await refusal(reserve(controller, wanted))).message).toContain("shutting down");
    await controller.leave(workerId, { instanceId: said.instanceId });
    expect((await refusal(reserve(controller, wanted))).message).toContain("has left");
    expect(await controller.listWorkers()).toEqual([]);
  });

  test("is passed over after it did not answer, unless it is alone", async () => {
    const controller = new Controller({ db: database.db, now });
    const one = await controller.register(body(["m/one"]));
    controller.suspect(one.workerId);
    const wanted = { model: "m/one", features: CHAT };
    expect((await reserve(controller, wanted))?.workerId).toBe(one.workerId);
    const two = await controller.register(body(["m/one"]));
    for (let index = 0; index < 5; index++) {
      const reserved = await reserve(controller, wanted);
      expect(reserved?.workerId).toBe(two.workerId);
      reserved?.release();
    }
  });

  test("an unknown model is told apart from one that sleeps, with the names there are", async () => {
    const controller = new Controller({ db: database.db, now });
    const none = await refusal(reserve(controller, { model: "x", features: CHAT }));
    expect(none).toMatchObject({ code: "model-not-found", param: "model" });
    expect(none.message).toContain("No model has registered");
    await controller.register(body(["m/one", "m/two"]));
    const other = await refusal(reserve(controller, { model: "x", features: CHAT }));
    expect(other.message).toContain("`m/one`, `m/two`");
    const embeds = reserve(controller, { model: "m/one", features: ["embeddings"] });
    expect((await refusal(embeds)).code).toBe("not-supported");
  });
});

test("what the keepers see has the agreed form", async () => {
  const controller = new Controller({ db: database.db, now });
  await controller.register(body(["m/one"]));
  const view = {
    workers: await controller.listWorkers(),
    heartbeatIntervalMs: 5_000,
    staleAfterMs: 10_000,
  };
  expect(adminWorkersSchema.parse(view)).toEqual(view);
});

test("beats and farewells of strangers are not found", async () => {
  const controller = new Controller({ db: database.db, now });
  for (const id of [createId(), "", "nonsense", "0' or 1=1"]) {
    const beat = controller.heartbeat(id, { instanceId: createId(), load: load() });
    expect((await refusal(beat)).code).toBe("not-found");
    expect((await refusal(controller.leave(id, { instanceId: createId() }))).code).toBe(
      "not-found",
    );
  }
});

test("readiness names what is missing", async () => {
  expect(await findMissing(() => database.db)).toBeUndefined();
  const away = openDatabase("postgres://127.0.0.1:1/none", { connectionsMax: 1 });
  expect((await findMissing(() => away.db))?.what).toBe("database");
  await away.close();
  await database.db
    .transaction(async (transaction) => {
      await transaction.execute(sql`delete from drizzle.__drizzle_migrations`);
      expect(await findMissing(() => transaction)).toEqual({ what: "migrations" });
      transaction.rollback();
    })
    .catch(() => undefined);
});

describe("asking a worker at its address", () => {
  /** What each address answers with. */
  function answering(outcomes: Record<string, ProbeOutcome>): Probe {
    return async ({ address }) => outcomes[address] ?? "refused";
  }

  test("brings a lost one back that answers, and not one whose address another life has", async () => {
    const outcomes: Record<string, ProbeOutcome> = {};
    const controller = new Controller({ db: database.db, now, probe: answering(outcomes) });
    const said = body(["m/one"], { address: "http://one:1" });
    const { workerId } = await controller.register(said);
    await pass(WORKER_STALE_AFTER_MS + 500);
    await controller.sweep();
    expect((await database.db.select().from(workers))[0]?.state).toBe("lost");
    outcomes["http://one:1"] = "ready";
    await pass(30_000);
    await controller.sweep();
    expect(await stateIn(workerId)).toBe("ready");
    const reserved = await reserve(controller, { model: "m/one", features: CHAT });
    expect(reserved?.workerId).toBe(workerId);
    // And in the eyes of a process that asks nobody.
    expect((await listWorkers(database.db)).map(({ state }) => state)).toEqual(["ready"]);

    await database.db.execute(sql`update workers set state = 'lost'`);
    const next = await controller.register(body(["m/one"], { address: "http://one:1" }));
    await database.db.execute(sql`update workers set state = 'lost' where id = ${workerId}`);
    expect(await writeAnswered(database.db, { id: workerId, beats: true }, "ready")).toBe(false);
    expect(await stateIn(workerId)).toBe("lost");
    expect(await stateIn(next.workerId)).toBe("ready");
  });

  test("happens at once when it could not be reached, and takes it out until it answers again", async () => {
    const outcomes: Record<string, ProbeOutcome> = { "http://two:1": "ready" };
    const controller = new Controller({ db: database.db, now, probe: answering(outcomes) });
    await controller.register(body(["m/one"], { address: "http://one:1" }));
    const { workerId } = await controller.register(body(["m/one"], { address: "http://two:1" }));
    await pass(1_000);
    const [one] = await controller.listWorkers();
    controller.suspect(one!.id);
    await expect
      .poll(async () => (await controller.listWorkers()).map(({ state }) => state))
      .toEqual(["unreachable", "ready"]);
    controller.suspect(workerId);
    // Its row is as ready as before: others may reach it.
    expect(await stateIn(one!.id)).toBe("ready");
    outcomes["http://one:1"] = "ready";
    await pass(1_000);
    await controller.sweep();
    expect((await controller.listWorkers()).map(({ state }) => state)).toEqual(["ready", "ready"]);
  });

  test("is how one that never beats lives, and how its next life is found", async () => {
    const worker = await startTestWorker();
    onTestFinished(() => worker.close());
    const controller = new Controller({
      ...{ db: database.db, now, callSecretOf: () => TEST_SECRET },
    });
    const old = { instanceId: createId(), address: worker.address };
    await controller.register(body(["m/one"], old), { tokenId: null }, { beats: false });
    await pass(6_000);
    await controller.sweep();
    const [view, ...others] = await controller.listWorkers();
    expect(others).toEqual([]);
    expect(view).toMatchObject({ state: "ready", beats: false, name: "test" });
    expect(view?.models.map(({ name }) => name)).toContain("mock/echo");
    for (let beats = 0; beats < 4; beats++) {
      await pass(6_000);
      await controller.sweep();
      expect((await controller.listWorkers()).map(({ state }) => state)).toEqual(["ready"]);
    }
    await worker.close();
    await pass(6_000);
    await controller.sweep();
    await pass(6_000);
    await controller.sweep();
    expect((await controller.listWorkers()).map(({ state }) => state)).toEqual(["lost"]);
  });
});

describe("a worker that starts", () => {
  test("is why its models are not there yet, also one that nobody knew before", async () => {
    const controller = new Controller({ db: database.db, now, probe: dead });
    const said = body(["m/new"]);
    const card = { ...said.card, models: [] };
    const early = { ...said, card, starting: ["m/new"], load: load({ state: "starting" }) };
    const { workerId } = await controller.register(early);
    const wanted = { model: "m/new", features: CHAT };
    const refused = await refusal(reserve(controller, wanted));
    expect(refused).toMatchObject({ code: "no-worker", retryAfterSeconds: 5 });
    expect(refused.message).toContain("its worker is starting");
    expect(await controller.listModels()).toEqual([]);
    expect((await controller.listWorkers())[0]).toMatchObject({
      ...{ state: "starting", reason: "loads m/new" },
    });
    const { instanceId } = said;
    await controller.heartbeat(workerId, { instanceId, load: load({ state: "starting" }) });
    expect((await refusal(reserve(controller, { ...wanted, model: "x" }))).code).toBe(
      "model-not-found",
    );
    expect((await controller.register(said)).workerId).toBe(workerId);
    expect((await reserve(controller, wanted))?.workerId).toBe(workerId);
  });
});

test("what a worker said before it was ready, arriving late, takes nothing back", async () => {
  const controller = new Controller({ db: database.db, now, probe: dead });
  const said = body(["m/one"]);
  const { workerId } = await controller.register(said);
  const early = { ...said, card: { ...said.card, models: [] }, starting: ["m/one"] };
  await controller.register({ ...early, load: load({ state: "starting" }) });
  const wanted = { model: "m/one", features: CHAT };
  expect((await reserve(controller, wanted))?.workerId).toBe(workerId);
  // However it came about that a ready worker has no offers: its next beat has it register again.
  await database.db.execute(sql`delete from worker_models`);
  const { instanceId } = said;
  const beat = controller.heartbeat(workerId, { instanceId, load: load() });
  expect((await refusal(beat)).code).toBe("not-found");
  const starting = { instanceId, load: load({ state: "starting" }) };
  expect(await controller.heartbeat(workerId, starting)).toMatchObject({
    heartbeatIntervalMs: 5_000,
  });
});

describe("an order", () => {
  test("outlasts beats, keeps requests away, is told to the worker and can be lifted", async () => {
    const controller = new Controller({ db: database.db, now, probe: dead });
    const said = body(["m/one"]);
    const { instanceId } = said;
    const { workerId } = await controller.register(said);
    const wanted = { model: "m/one", features: CHAT };
    await controller.order(workerId, "drain");
    const reply = await controller.heartbeat(workerId, { instanceId, load: load() });
    expect(reply.order).toBe("drain");
    expect((await refusal(reserve(controller, wanted))).message).toContain("no new requests");
    expect((await controller.listWorkers())[0]).toMatchObject({ state: "draining" });
    await controller.register(said);
    expect((await refusal(reserve(controller, wanted))).code).toBe("no-worker");
    await controller.order(workerId, "resume");
    expect((await reserve(controller, wanted))?.workerId).toBe(workerId);
    expect(await controller.heartbeat(workerId, { instanceId, load: load() })).toEqual({
      heartbeatIntervalMs: 5_000,
    });
    expect((await controller.order(workerId, "remove")).outcome).toBe("remove");
    expect((await controller.heartbeat(workerId, { instanceId, load: load() })).order).toBe(
      "leave",
    );
    expect((await refusal(reserve(controller, wanted))).message).toContain("told to leave");
  });

  test("of another process is heard at once where changes are announced", async () => {
    const feed = new ChangeFeed(database.url);
    onTestFinished(() => feed.close());
    const here = createController({ db: database.db, feed, now, probe: dead });
    const stop = here.start();
    onTestFinished(stop);
    await expect.poll(() => feed.isLive).toBe(true);
    const there = new Controller({ db: database.db, now, probe: dead });
    // This process's clock stands still: nothing is read but what is announced.
    expect(await here.listWorkers()).toEqual([]);
    const { workerId } = await there.register(body(["m/one"]));
    const states = async () => (await here.listWorkers()).map(({ state }) => state);
    await expect.poll(states).toEqual(["ready"]);
    await orderWorker(database.db, workerId, "drain", { staleAfterMs: WORKER_STALE_AFTER_MS });
    await expect.poll(states).toEqual(["draining"]);
  });
});
