/**
 * Goal: whatever happens in whatever order, the registry holds no two lives at an address, requests go
 * only where this process had reason to send them, the database's silence expires nobody, and after all
 * is well again every living worker serves within one beat.
 * Method: two web processes on one real database, each with a clock and a road to the database of its own;
 * worker processes of a model world, whose health the probe reads; seeded steps.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "@/lib/db/client";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { AppError, isAppError } from "@/lib/errors";
import type { RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import { createId } from "@/lib/util/id";
import { seededRandom } from "@/lib/util/random";
import { Controller } from "./controller";
import type { Probe } from "./probe";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  // Else none of this would have tried anything.
  expect(served).toBeGreaterThan(20);
});
beforeEach(() => emptyTables(database.db, "workers", "models"));

const MODELS = ["m/one", "m/two"];
/** Requests that found a worker, over all seeds. */
let served = 0;
const NOBODY = new Set<string>();

/** A worker process. */
type Life = {
  body: RegisterBody;
  id: string | undefined;
  state: WorkerLoad["state"];
  isAlive: boolean;
  isFrozen: boolean;
  hasFailed: boolean;
};

/** A web process. `seen`: what the registry said when it could last be read from there. */
type Web = {
  controller: Controller;
  nowMs: number;
  isCutOff: boolean;
  seen: Map<string, string>;
  /** What was told to this process alone. */
  told: Map<string, string>;
};

class World {
  readonly random: () => number;
  readonly lives: Life[] = [];
  readonly webs: Web[];
  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.webs = [this.#createWeb(), this.#createWeb()];
  }

  choose<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  probe: Probe = async ({ address, instanceId }) => {
    const there = this.lives.find((it) => it.isAlive && it.body.address === address);
    if (there === undefined) return "refused";
    if (there.isFrozen) return "silent";
    return there.body.instanceId === instanceId ? there.state : "another-life";
  };

  #createWeb(nowMs = 0): Web {
    const web: Omit<Web, "controller"> = {
      ...{ nowMs, isCutOff: false, seen: new Map(), told: new Map() },
    };
    const away = new Set(["select", "insert", "update", "delete", "execute", "transaction"]);
    const db = new Proxy(database.db, {
      get(target, name, receiver) {
        if (web.isCutOff && away.has(String(name))) {
          return () => {
            throw new Error("the database is away");
          };
        }
        const value = Reflect.get(target, name, receiver);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }) as Database;
    const controller = new Controller({
      ...{ db, now: () => web.nowMs, probe: this.probe, random: this.random },
    });
    return Object.assign(web, { controller });
  }

  restart(index: number): void {
    this.webs[index] = this.#createWeb(this.webs[index]!.nowMs);
  }

  /** Everybody's time; workers beat on their own. */
  async pass(ms: number): Promise<void> {
    for (const web of this.webs) web.nowMs += ms;
  }

  /** Beats look older, or newer, by so much. */
  async setDatabaseClock(ms: number): Promise<void> {
    await database.db.execute(
      sql`update workers set last_heartbeat_at = last_heartbeat_at - make_interval(secs => ${ms / 1000})`,
    );
  }

  /** As long as the database answers there, what it says. */
  async look(web: Web): Promise<void> {
    web.nowMs += 1_000;
    try {
      await web.controller.whenCurrent();
    } catch (error) {
      expect(error).toMatchObject({ code: "no-worker" });
    }
    if (web.isCutOff) return;
    const rows = await database.db.execute<{ id: string; state: string; order: string | null }>(
      sql`select id, state, "order" from workers`,
    );
    web.seen = new Map(rows.map(({ id, state, order }) => [id, order ?? state]));
    web.told.clear();
  }
}

function loadOf({ state }: Life, random: () => number): WorkerLoad {
  const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  return { state, running: 0, waiting: Math.floor(random() * 3), counters };
}

function start(world: World, address: string): Life {
  // A port is one process's at a time.
  for (const life of world.lives) if (life.body.address === address) life.isAlive = false;
  const model = world.choose(MODELS);
  const description = { skills: [], examplePrompts: [] };
  const offer = { name: model, build: "b", contextLength: 64, features: ["chat" as const] };
  const life: Life = {
    body: {
      instanceId: createId(),
      address,
      card: {
        ...{ kind: "mock", name: "w", version: "1", slots: 64, waitingMax: 8 },
        models: [{ ...offer, description }],
      },
      load: { state: "ready" } as WorkerLoad,
    },
    ...{ id: undefined, state: "ready", isAlive: true, isFrozen: false, hasFailed: false },
  };
  world.lives.push(life);
  return life;
}

/** What a worker does when its beat is due. */
async function beat(world: World, life: Life, web: Web): Promise<void> {
  if (!life.isAlive || life.isFrozen) return;
  const load = loadOf(life, world.random);
  const { instanceId } = life.body;
  try {
    if (life.id !== undefined) {
      const reply = await web.controller.heartbeat(life.id, { instanceId, load });
      web.told.set(life.id, reply.order ?? life.state);
      if (reply.order !== "leave") return;
      life.isAlive = false;
      await web.controller.leave(life.id, { instanceId });
      web.told.set(life.id, "left");
      return;
    }
  } catch (error) {
    // Away: it tries again later.
    if (!isAppError(error)) return;
    expect(error.code).toBe("not-found");
    if (!life.isAlive) return;
  }
  try {
    life.id = (await web.controller.register({ ...life.body, load })).workerId;
    web.told.set(life.id, life.state);
  } catch (error) {
    if (isAppError(error)) throw error;
  }
}

async function request(world: World, web: Web): Promise<void> {
  await world.look(web);
  const model = world.choose(MODELS);
  try {
    const wish = { passedOver: NOBODY, maySuspect: true };
    const place = web.controller.place({ model, features: ["chat"] }, wish);
    if (place.kind !== "taken") return;
    const { workerId, release } = place.reservation;
    release();
    served += 1;
    const said = web.told.get(workerId) ?? web.seen.get(workerId);
    expect(said).toBe("ready");
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Nobody who lives, and was always well, is refused by any silence or clock.
    const serving = world.lives.filter(
      (it) =>
        it.isAlive &&
        !it.hasFailed &&
        it.id !== undefined &&
        it.body.card.models[0]?.name === model,
    );
    const known = serving.filter(
      ({ id, state }) => state === "ready" && (web.told.get(id!) ?? web.seen.get(id!)) === "ready",
    );
    expect(known.map(({ id }) => id)).toEqual([]);
  }
}

const STEPS: Record<string, (world: World, web: Web) => Promise<void>> = {
  async start(world, web) {
    await beat(world, start(world, `http://w${Math.floor(world.random() * 5)}:1`), web);
  },
  async beat(world, web) {
    if (world.lives.length > 0) await beat(world, world.choose(world.lives), web);
  },
  /** All who live, each at either process. */
  async beats(world) {
    for (const life of world.lives) await beat(world, life, world.choose(world.webs));
  },
  async die(world) {
    if (world.lives.length > 0) world.choose(world.lives).isAlive = false;
  },
  async freeze(world) {
    const life = world.choose(world.lives);
    if (life?.isAlive) Object.assign(life, { isFrozen: !life.isFrozen, hasFailed: true });
  },
  async drain(world) {
    const life = world.choose(world.lives);
    if (life && world.random() < 0.3) life.state = "draining";
  },
  async order(world, web) {
    const life = world.choose(world.lives);
    if (life?.id === undefined) return;
    const command = world.choose(["drain", "resume", "drain", "resume", "remove"] as const);
    try {
      const { outcome } = await web.controller.order(life.id, command);
      web.told.delete(life.id);
      if (outcome === "gone") web.told.set(life.id, "left");
      if (command !== "resume") life.hasFailed ||= command === "remove";
      await world.look(web);
    } catch (error) {
      if (isAppError(error)) expect(["not-found", "conflict"]).toContain(error.code);
    }
  },
  pass: (world) => world.pass(world.choose([500, 2_000, 5_000, 13_000])),
  async sweep(_world, web) {
    // Without the database nothing can be written; the next round tries again.
    await web.controller.sweep().catch((error) => {
      if (!web.isCutOff) throw error;
    });
  },
  request,
  async cutOff(world, web) {
    if (!web.isCutOff) await world.look(web);
    web.isCutOff = !web.isCutOff;
  },
  async databaseClock(world) {
    await world.setDatabaseClock(world.choose([60_000, -60_000]));
  },
  /** A process that was suspended sees its clock leap. */
  async ownClock(_world, web) {
    web.nowMs += 60_000;
  },
  async restart(world) {
    const index = Math.floor(world.random() * 2);
    // One that starts while the database is away waits for it.
    if (!world.webs[index]!.isCutOff) world.restart(index);
  },
};

const WEIGHTED = [
  ...["start", "beat", "beat", "beats", "beats", "die", "freeze", "drain", "order", "pass", "pass"],
  ...["sweep", "sweep", "sweep", "request", "request", "request", "request", "cutOff"],
  ...["databaseClock", "ownClock", "restart"],
];

async function expectOneLifeAnAddress(): Promise<void> {
  const twice = await database.db.execute(
    sql`select address from workers where state in ('starting', 'ready', 'draining')
        group by address having count(*) > 1`,
  );
  expect([...twice]).toEqual([]);
}

describe("whatever happens, in whatever order", () => {
  const seeds = [1, 2, 3, Date.now() % 1_000_000];

  test.each(seeds)("the registry tells the truth (seed %i)", async (seed) => {
    const world = new World(seed);
    for (let step = 0; step < 150; step++) {
      const web = world.choose(world.webs);
      await STEPS[world.choose(WEIGHTED)]!(world, web);
      await expectOneLifeAnAddress();
    }
    // All is well again: who lives beats once, and whoever was told to leave has left.
    for (const web of world.webs) web.isCutOff = false;
    for (const life of world.lives) Object.assign(life, { isFrozen: false });
    for (const web of world.webs) await world.look(web);
    for (const life of world.lives) await beat(world, life, world.choose(world.webs));
    await world.pass(1_000);
    for (const web of world.webs) await web.controller.sweep();
    const living = world.lives.filter((it) => it.isAlive).map(({ id }) => id!);
    await expectOneLifeAnAddress();
    for (const web of world.webs) {
      await world.look(web);
      const views = await web.controller.listWorkers();
      const awake = views.filter(({ state }) => state !== "lost" && state !== "unreachable");
      expect(awake.map(({ id }) => id).toSorted()).toEqual(
        expect.arrayContaining(living.toSorted()),
      );
    }
  });
});
