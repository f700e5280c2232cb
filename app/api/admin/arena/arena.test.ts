/** Goal: the rules by HTTP: who may, what is refused with which status, and that one change never hides another. Method: the routes behind the front. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_ADMIN_TOKEN = "an admin token of the tests";
  process.env.PARLEY_SECRET = "signs the sessions of tests";
});

import { type ApiServer, startApiServer } from "@/app/v1/__fixtures__/api-server";
import { arenaHistorySchema, arenaRulesSchema } from "@/lib/protocol/arena-rules-view";

let api: ApiServer;
let cookie: string;

beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ models: ["mock/echo", "mock/paced", "mock/slow"] });
  const session = await fetch(`${api.url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: "an admin token of the tests" }),
  });
  cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
});
afterAll(() => api.close());

const read = async () => {
  const reply = await fetch(`${api.url}/api/admin/arena`, { headers: { cookie } });
  expect(reply.headers.get("cache-control")).toBe("no-store");
  return arenaRulesSchema.parse(await reply.json());
};

const write = (body: object, headers: Record<string, string> = { cookie }) =>
  fetch(`${api.url}/api/admin/arena`, {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

test("nobody without a session reads or changes them", async () => {
  for (const path of ["/api/admin/arena", "/api/admin/arena/history"])
    expect((await fetch(`${api.url}${path}`)).status).toBe(401);
  expect((await write({ version: null }, {})).status).toBe(401);
  const foreign = await write({ version: null }, { cookie, "sec-fetch-site": "cross-site" });
  expect(foreign.status).toBe(403);
});

test("tells how often each model is drawn, and what a change of it comes to", async () => {
  const { settings, version, models, method } = await read();
  expect(method).toBe("weighted");
  for (const { share } of models) expect(share).toBeCloseTo(2 / 3, 12);
  const rules = [{ model: "mock/echo", isOut: true }, { model: "asleep" }];
  const sampling = { ...settings.sampling, models: rules };
  const reply = await write({ ...settings, version, sampling });
  expect(reply.status).toBe(200);
  const changed = arenaRulesSchema.parse(await reply.json());
  expect(changed.models).toEqual([
    { model: "asleep", isAwake: false, share: 0 },
    { model: "mock/echo", isAwake: true, share: 0 },
    { model: "mock/paced", isAwake: true, share: 1 },
    { model: "mock/slow", isAwake: true, share: 1 },
  ]);
});

test("refuses what is wrong with the field, and what others changed meanwhile with 409", async () => {
  const { settings, version } = await read();
  const wrong = async (change: object) => {
    const reply = await write({ ...settings, version, ...change });
    const { error } = (await reply.json()) as { error: { param: string } };
    return [reply.status, error.param];
  };
  const { integrity, moderation } = settings;
  expect(await wrong({ integrity: { ...integrity, anomalyAlpha: 0.9 } })).toEqual([
    ...[400, "integrity.anomalyAlpha"],
  ]);
  expect(await wrong({ tempo: {} })).toEqual([400, "tempo"]);
  const patterns = [{ name: "n", pattern: "(" }];
  expect(await wrong({ moderation: { ...moderation, patterns } })).toEqual([
    ...[400, "moderation.patterns.0.pattern"],
  ]);
  expect(await wrong({ moderation: { ...moderation, judge: "endpoint" } })).toEqual([
    ...[400, "moderation.endpoint.url"],
  ]);
  const first = await write({ ...settings, version, pace: { isFair: false } });
  const second = await write({ ...settings, version, pace: { isFair: true } });
  expect([first.status, second.status]).toEqual([200, 409]);
  expect((await read()).settings.pace.isFair).toBe(false);
  const reply = await fetch(`${api.url}/api/admin/arena/history`, { headers: { cookie } });
  const { history } = arenaHistorySchema.parse(await reply.json());
  expect(history[0]?.changes).toContainEqual({
    rule: "pace.isFair",
    before: "true",
    after: "false",
  });
  expect(history).toHaveLength(2);
});
