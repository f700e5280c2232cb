/**
 * Goal: a model that a worker offers to battles alone is never named, from the first moment on; no worker hides a
 * model that is public, nor names one that is hidden, and the operator's word stands. Method: registrations in every
 * order, at once and by every kind of teller, on a real database, with a copy of the rules that lags behind.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { OFFERED_RULES_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { workerTokens } from "@/lib/db/schema/workers";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import type { RegisterBody } from "@/lib/protocol/registration";
import type { ModelOffer, WorkerKind } from "@/lib/protocol/worker-card";
import { editRules, readVersionedRules } from "@/lib/rules/edit-rules";
import { type HiddenModels, toHiddenModels } from "@/lib/rules/hidden-models";
import { changeRules, readRules } from "@/lib/rules/rules";
import { setDrawRule } from "@/lib/rules/set-draw-rule";
import { createId } from "@/lib/util/id";
import { createController } from "./controller";
import { registerWorker } from "./register";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyTables(database.db, "workers", "worker_tokens", "models", "arena_settings");
});

const offer = (name: string, more: Partial<ModelOffer> = {}): ModelOffer => ({
  ...{ name, build: "b", contextLength: 100, features: ["chat" as const] },
  description: { skills: [], examplePrompts: [] },
  ...more,
});
const secret = (name: string) => offer(name, { isAnonymousOnly: true });

let port = 1_000;
function registration(models: ModelOffer[], kind: WorkerKind = "external"): RegisterBody {
  port += 1;
  const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  return {
    ...{ instanceId: createId(), address: `http://127.0.0.1:${port}` },
    card: { kind, name: "w", version: "1", slots: 1, waitingMax: 1, models },
    load: { state: "ready", running: 0, waiting: 0, counters },
  };
}

const register = (...models: ModelOffer[]) => registerWorker(database.db, registration(models));
const hidden = async () => [...toHiddenModels(await readRules(database.db))].sort();

async function ledgerOf(name: string): Promise<unknown[]> {
  const rows = await database.db.execute(sql`
    select kind from model_ledger join models on models.id = model_id
    where models.name = ${name} order by model_ledger.created_at`);
  return rows.map(({ kind }) => kind);
}

const publicLines = async () =>
  (await database.db.execute(sql`select message from public_log`)).map((it) => it.message);

test("it is hidden with the transaction that makes it known, and its ledger says so", async () => {
  await register(offer("open"), secret("hush"));
  expect(await hidden()).toEqual(["hush"]);
  expect(await ledgerOf("hush")).toEqual(["registered", "made-private"]);
  expect(await ledgerOf("open")).toEqual(["registered"]);
  expect((await publicLines()).join()).not.toContain("hush");
});

test("nobody outside sees the model before its rule, whoever reads at any moment", async () => {
  const { db } = database;
  const seen: unknown[] = [];
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      const [row] = await db.execute(sql`select
        (select count(*)::int from models where name like 'hush%') as models,
        (select coalesce(jsonb_array_length(settings #> '{sampling,models}'), 0) from arena_settings
          order by created_at desc, id desc limit 1) as rules`);
      seen.push([row?.models ?? 0, row?.rules ?? 0]);
    }
  })();
  for (let at = 0; at < 8; at++) await register(secret(`hush-${at}`));
  isOver = true;
  await looking;
  for (const each of seen) {
    const [known, ruled] = each as [number, number];
    expect(known).toBe(ruled);
  }
  expect((await hidden()).length).toBe(8);
});

/** As a process knows the rules that has not heard of the change yet: what it read last, until it is told to read. */
function laggingRules(db: Database): HiddenModels {
  let last: ReadonlySet<string> = new Set();
  return {
    get: async () => last,
    peek: () => last,
    get last() {
      return last;
    },
    refresh: async () => {
      last = toHiddenModels(await readRules(db));
    },
  };
}

test("a process that has not heard of the rule tells of no model that came with one", async () => {
  const { db } = database;
  const probe = async () => "ready" as const;
  const controller = createController({ db, probe, hidden: laggingRules(db) });
  await register(offer("open"));
  expect((await controller.listNamedModels()).map(({ name }) => name)).toEqual(["open"]);
  await controller.register(registration([secret("hush")]));
  expect((await controller.listModels()).map(({ name }) => name)).toEqual(["hush", "open"]);
  expect((await controller.listNamedModels()).map(({ name }) => name)).toEqual(["open"]);
  expect(controller.fleet().models.map(({ name }) => name)).toEqual(["open"]);
  const [asked, never] = await Promise.all(
    ["hush", "no-such"].map((name) => controller.getModel(name).catch((error) => error)),
  );
  expect(asked).toMatchObject({ code: "model-not-found" });
  expect(asked.message).toBe(never.message.replace("no-such", "hush"));
  expect(never.message).not.toContain("hush");
});

const HIDING = ["external", "custom", "huggingface"] as const;
test.each(HIDING)(
  "while a worker of kind %s loads, its name is as unknown as any other",
  async (kind) => {
    const { db } = database;
    const controller = createController({ db, probe: async () => "ready" });
    const loading = registration([], kind);
    loading.load.state = "starting";
    await controller.register({ ...loading, starting: ["hush"] });
    const asked = await controller.getModel("hush").catch((error) => error);
    const never = await controller.getModel("no-such").catch((error) => error);
    expect(asked.message).toBe(never.message.replace("no-such", "hush"));
    expect(controller.fleet().starting).toEqual([]);
  },
);

test("what is public stays public, whoever offers it to battles alone", async () => {
  await register(offer("known"));
  await register(secret("known"));
  expect(await hidden()).toEqual([]);
  // Nor when everybody who served it has gone, nor by a token.
  await database.db.execute(sql`update workers set state = 'left'`);
  const tokenId = createId();
  await database.db
    .insert(workerTokens)
    .values({ id: tokenId, name: "guest", prefix: "g", hash: "g" });
  await registerWorker(database.db, registration([secret("known")]), { tokenId, beats: true });
  expect(await hidden()).toEqual([]);
  expect(await ledgerOf("known")).toEqual(["registered"]);
});

test("a worker that no longer says so, or a replica that never did, names nothing", async () => {
  const life = registration([secret("hush")]);
  await registerWorker(database.db, life);
  life.card.models = [offer("hush")];
  await registerWorker(database.db, life);
  await register(offer("hush"));
  await register(offer("hush", { isAnonymousOnly: false }));
  expect(await hidden()).toEqual(["hush"]);
  expect(await ledgerOf("hush")).toEqual(["registered", "made-private"]);
});

test("the operator's word stands: of later registrations and restarts none undoes it", async () => {
  const { db } = database;
  const life = registration([secret("hush")]);
  await registerWorker(db, life);
  await setDrawRule(db, { model: "hush", arena: true, isAnonymousOnly: false });
  expect(await hidden()).toEqual([]);
  await registerWorker(db, life);
  await register(secret("hush"));
  expect(await hidden()).toEqual([]);
  // Also where the whole rule was taken out.
  const { version, settings } = await readVersionedRules(db);
  const none = { ...settings, sampling: { ...settings.sampling, models: [] } };
  await editRules({ version, settings: none }, db);
  await register(secret("hush"));
  expect(await hidden()).toEqual([]);
  expect(await ledgerOf("hush")).toEqual(["registered", "made-private", "made-public"]);
});

test("a rule that an operator wrote before the first offer is kept as it is", async () => {
  const { db } = database;
  const rules = [{ model: "named", weight: 3 }];
  await changeRules(db, arenaSettingsSchema.parse({ sampling: { models: rules } }));
  await register(secret("named"), secret("hush"));
  expect(await hidden()).toEqual(["hush"]);
  const { sampling } = await readRules(db);
  expect(sampling.models.map(({ model, weight }) => [model, weight])).toEqual([
    ["named", 3],
    ["hush", 1],
  ]);
});

test("many registrations at once, and an operator among them, lose no rule", async () => {
  const { db } = database;
  const names = Array.from({ length: 12 }, (_, at) => `hush-${at}`);
  await Promise.all([
    ...names.map((name) => register(secret(name), secret("shared"))),
    ...["other", "third"].map((model) =>
      setDrawRule(db, { model, arena: false, isAnonymousOnly: false }),
    ),
  ]);
  expect(await hidden()).toEqual([...names, "shared"].sort());
  const { sampling } = await readRules(db);
  expect(new Set(sampling.models.map(({ model }) => model)).size).toBe(15);
  expect(sampling.models.length).toBe(15);
});

test("where the rules have no room, or cannot be read, nothing becomes known", async () => {
  const { db } = database;
  const known = async () =>
    (await db.execute(sql`select name from models`)).map(({ name }) => name);
  const rules = Array.from({ length: OFFERED_RULES_MAX }, (_, at) => ({ model: `m${at}` }));
  await changeRules(db, arenaSettingsSchema.parse({ sampling: { models: rules } }));
  await expect(register(secret("hush"))).rejects.toMatchObject({ code: "conflict" });
  expect(await known()).toEqual([]);
  // One that is not to be hidden finds its way.
  await register(offer("open"));
  const stored = { sampling: { models: "in words of a later version" } };
  await db.execute(
    sql`insert into arena_settings (id, settings, created_at) values
      (${createId()}, ${JSON.stringify(stored)}::text::jsonb, clock_timestamp())`,
  );
  await expect(register(secret("hush"))).rejects.toMatchObject({ code: "unavailable" });
  expect(await known()).toEqual(["open"]);
  const rows = await db.execute(sql`select settings from arena_settings order by created_at desc`);
  expect(rows[0]?.settings).toEqual(stored);
});

test("what it says of its price and files is kept with the same care as its description", async () => {
  const { db } = database;
  const read = async () => {
    const rows = await db.execute(sql`
      select models.price, worker_models.disk_bytes::int as bytes, worker_models.fields
      from models join worker_models on model_id = models.id join workers on workers.id = worker_id
      where models.name = 'm' order by workers.registered_at`);
    return rows.map(({ price, bytes, fields }) => [price, bytes, fields]);
  };
  const price = { prompt: 1, completion: 2 };
  await register(offer("m", { price, diskBytes: 5_000, fields: ["stop"] }));
  expect(await read()).toEqual([[price, 5_000, ["stop"]]]);
  const tokenId = createId();
  await db.insert(workerTokens).values({ id: tokenId, name: "guest", prefix: "g", hash: "g" });
  const free = offer("m", { price: { prompt: 0, completion: 0 } });
  await registerWorker(db, registration([free]), { tokenId, beats: true });
  expect((await read()).map(([its]) => its)).toEqual([price, price]);
  await database.db.execute(sql`update workers set state = 'left'`);
  expect((await read())[0]?.[0]).toEqual(price);
  await register(offer("m"));
  expect((await read())[0]?.[0]).toBeNull();
});
