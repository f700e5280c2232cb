/**
 * Goal: a target that fails is taken out once, everywhere within a second, and comes back by an
 * operator's word alone. Method: two routers, each with its own copy of the catalog and its own ear at
 * one database, as two processes have.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Catalog, readCatalog } from "@/lib/catalog/catalog";
import { setAlias } from "@/lib/catalog/edit-catalog";
import type { Controller } from "@/lib/controller/controller";
import { ChangeFeed } from "@/lib/db/change-feed";
import { LiveCopy } from "@/lib/db/live-copy";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { aliasSchema } from "@/lib/protocol/catalog";
import { seededRandom } from "@/lib/util/random";
import type { Candidate } from "./candidate";
import { gatewayMetrics } from "./gateway-metrics";
import { Router } from "./router";

let database: TestDatabase;
const feeds: ChangeFeed[] = [];
const alias = aliasSchema.parse({
  ...{ name: "x", targets: [{ model: "old" }, { model: "new" }] },
  rollbackOn: { requestsMin: 5, errorShareRise: 0.2 },
});

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await Promise.all(feeds.map((feed) => feed.close()));
  await database.drop();
});

/** Another process, as far as routes are concerned. */
function startProcess() {
  const feed = new ChangeFeed(database.url);
  feeds.push(feed);
  const read = () => readCatalog(database.db);
  const catalog = new LiveCopy<Catalog>({ feed, topic: "catalog", read, whenAway: "keep" });
  const ratings = { get: async () => new Map<string, number>() };
  const router = new Router({ db: database.db, catalog, ratings, random: seededRandom(5) });
  // No `auto` here, so nobody is asked who is awake.
  const controller = { isHidden: () => false } as Partial<Controller> as Controller;
  const request = { controller, ask: {}, features: [], meter: undefined, isDrawn: true };
  const plan = () => router.plan({ ...request, asked: "x" });
  return {
    router,
    feed,
    plan,
    rollback: async () => (await catalog.get()).aliases.get("x")?.rollback,
    async candidate(model: string): Promise<Candidate> {
      const found = (await plan()).candidates.find((it) => it.model === model);
      if (!found) throw new Error(`${model} is out`);
      return found;
    },
  };
}

test("two processes that see a target fail take it out once, and both stop using it", async () => {
  await setAlias(alias, database.db);
  const [one, two] = [startProcess(), startProcess()];
  await vi.waitFor(() => expect([one.feed.isLive, two.feed.isLive]).toEqual([true, true]));
  const failing = await Promise.all([one, two].map((it) => it.candidate("new")));
  for (const it of [one, two]) {
    const good = await it.candidate("old");
    for (let count = 0; count < 5; count++) it.router.sawOutcome(good, "stop");
  }
  for (let count = 0; count < 5; count++) {
    one.router.sawOutcome(failing[0]!, "worker-lost");
    two.router.sawOutcome(failing[1]!, "timeout");
  }
  const startedMs = performance.now();
  await vi.waitFor(async () => {
    expect(await one.rollback()).toMatchObject({ model: "new" });
    expect(await two.rollback()).toMatchObject({ model: "new" });
  });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  for (const it of [one, two]) {
    const { candidates } = await it.plan();
    expect(candidates.map(({ model }) => model)).toEqual(["old"]);
  }
  const counted = (await gatewayMetrics.rollbacks.get()).values;
  expect(counted.map(({ labels, value }) => [labels.alias, labels.model, value])).toEqual([
    ["x", "new", 1],
  ]);
  expect((await one.rollback())?.reason).toMatch(/^5 of 5 requests failed within 60 s/);

  // What was in flight when the operator brought it back says nothing of what is now.
  await setAlias(alias, database.db);
  await vi.waitFor(async () => {
    expect(await one.rollback()).toBeUndefined();
    expect(await two.rollback()).toBeUndefined();
  });
  for (let count = 0; count < 9; count++) one.router.sawOutcome(failing[0]!, "worker-lost");
  const [again, good] = [await one.candidate("new"), await one.candidate("old")];
  for (let count = 0; count < 5; count++) one.router.sawOutcome(good, "stop");
  for (let count = 0; count < 4; count++) one.router.sawOutcome(again, "worker-lost");
  expect(await one.rollback()).toBeUndefined();
  one.router.sawOutcome(again, "worker-lost");
  await vi.waitFor(async () => expect(await two.rollback()).toMatchObject({ model: "new" }));
});
