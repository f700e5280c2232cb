/**
 * Goal: a request finds a model that can answer it, says which one, and nothing but the answer tells the
 * caller of mirrors and failures on the way. Method: OpenAI's client against the route handlers, with the
 * mock's sentinels behind them and a catalog written as keepers write it.
 */
import { eq } from "drizzle-orm";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { keyRing } from "@/lib/auth/key-ring";
import { createKey } from "@/lib/auth/key-store";
import { catalog } from "@/lib/catalog/catalog";
import { setAlias, setModel } from "@/lib/catalog/edit-catalog";
import { deleteAlias, deleteModelSettings } from "@/lib/catalog/store";
import { usageRecords } from "@/lib/db/schema/usage";
import { gatewayMetrics } from "@/lib/gateway/gateway-metrics";
import { currentRatings } from "@/lib/leaderboard/current-ratings";
import { aliasSchema } from "@/lib/protocol/catalog";
import { modelSettingsSchema } from "@/lib/protocol/catalog-view";
import { usageFlusher } from "@/lib/usage/flusher";
import { seededRandom } from "@/lib/util/random";
import { type AddedWorker, type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
let client: OpenAI;
let worker: AddedWorker;
const messages = [{ role: "user" as const, content: "alpha beta gamma" }];

beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker();
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => api.close());
afterEach(async () => {
  const { aliases, settings } = await catalog().get();
  for (const name of aliases.keys()) await deleteAlias(api.database.db, name);
  for (const model of settings.keys()) await deleteModelSettings(api.database.db, model);
  await catalog().refresh();
  await vi.waitFor(() => {
    expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
    expect(api.controller.inFlight()).toBe(0);
  });
});

async function alias(input: Parameters<typeof aliasSchema.parse>[0]): Promise<void> {
  await setAlias(aliasSchema.parse(input), api.database.db);
  await catalog().refresh();
}

async function settings(input: Parameters<typeof modelSettingsSchema.parse>[0]): Promise<void> {
  await setModel(modelSettingsSchema.parse(input), api.database.db);
  await catalog().refresh();
}

type Ours = { models?: string[] | null; routing?: object | null; max_tokens?: number; n?: number };

async function ask(model: string, ours: Ours = {}, by = client) {
  const body = { model, messages, ...ours };
  const { data, response } = await by.chat.completions.create(body).withResponse();
  return {
    data,
    text: data.choices[0]?.message.content,
    model: response.headers.get("x-parley-model"),
    route: response.headers.get("x-parley-route"),
  };
}

async function failure(act: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await act.then(
    () => undefined,
    (it: unknown) => it,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw error ?? new Error("nothing failed");
}

describe("an alias", () => {
  test("is answered by its model, which the answer names", async () => {
    await alias({ name: "gpt-4o-mini", targets: [{ model: "mock/echo" }] });
    const { data, text, model, route } = await ask("gpt-4o-mini");
    expect(text).toBe("alpha beta gamma");
    expect([data.model, model]).toEqual(["mock/echo", "mock/echo"]);
    expect(route).toBe("gpt-4o-mini is an alias.");
    const plain = await ask("mock/echo");
    expect([plain.model, plain.route]).toEqual(["mock/echo", null]);
  });

  test("goes on with its other targets, and stays with one model for all answers", async () => {
    const targets = [
      { model: "no/such", weight: 1e6 },
      { model: "mock/echo", weight: 1e-6 },
    ];
    await alias({ name: "split", targets });
    const { data, route } = await ask("split", { n: 3 });
    expect(data.choices).toHaveLength(3);
    expect(route).toContain("mock/echo answered in place of no/such (model-not-found).");
    const several = await client.completions
      .create({ model: "split", prompt: ["one", "two"] })
      .then(undefined, (error: unknown) => error);
    // The sentinels take no plain prompts: neither model can, and the first's reason is told.
    expect(several).toMatchObject({ status: 404, code: "model_not_found" });
  });

  test("lets what is merely full wait, and hands on what fails", async () => {
    const targets = (model: string) => [
      { model, weight: 1e6 },
      { model: "mock/echo", weight: 1e-6 },
    ];
    await alias({ name: "split", targets: targets("mock/rejects") });
    expect(await failure(ask("split"))).toMatchObject({ status: 429 });
    expect((await ask("split", { models: ["mock/context"] })).model).toBe("mock/context");
    await alias({ name: "split", targets: targets("mock/reader") });
    expect((await ask("split")).model).toBe("mock/echo");
  });

  test("stands for models that read, too, and counts their tokens", async () => {
    await alias({ name: "reader", targets: [{ model: "mock/reader" }] });
    const reply = await client.embeddings.create({ model: "reader", input: ["a", "b"] });
    expect(reply.model).toBe("mock/reader");
    expect(reply.data).toHaveLength(2);
    const counted = await fetch(`${api.url}/v1/messages/count_tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "reader", messages }),
    });
    expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
  });
});

describe("a fallback", () => {
  test("answers for a model that is full, unknown or cannot", async () => {
    const full = await ask("mock/rejects", { models: ["mock/echo"] });
    expect(full.text).toBe("alpha beta gamma");
    expect(full.route).toBe(
      "mock/echo answered in place of mock/rejects (overloaded). It is next in the request's `models`.",
    );
    expect((await ask("no/such", { models: ["mock/reader", "mock/echo"] })).route).toBe(
      "mock/echo answered in place of no/such (model-not-found), mock/reader (not-supported). It is next in the request's `models`.",
    );
    await settings({ model: "mock/rejects", fallbacks: ["mock/echo"] });
    expect((await ask("mock/rejects")).route).toContain("It is set to stand in for mock/rejects.");
  });

  test("answers what another cannot hold, if it holds more", async () => {
    const long = [{ role: "user" as const, content: "word ".repeat(90) }];
    const reply = await client.chat.completions.create({
      ...{ model: "mock/context", messages: long },
      ...{ models: ["no/such", "mock/echo"] },
    });
    expect(reply.model).toBe("mock/echo");
    const error = await failure(
      client.chat.completions.create({
        ...{ model: "mock/context", messages: long, models: ["no/such"] },
      }),
    );
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded" });
  });

  test("does not follow a first token, nor a fault of the request", async () => {
    const body = { model: "mock/fails-after-3-tokens", messages, models: ["mock/echo"] };
    expect(await failure(client.chat.completions.create(body))).toMatchObject({ status: 500 });
    const passedOver = async () => (await gatewayMetrics.modelsPassedOver.get()).values.length;
    const before = await passedOver();
    const bad = { model: "mock/echo", messages, temperature: 3, models: ["mock/random"] };
    expect(await failure(client.chat.completions.create(bad))).toMatchObject({ status: 400 });
    expect(await passedOver()).toBe(before);
  });

  test("that fails like the first leaves the first one's error, with its own name", async () => {
    const error = await failure(ask("no/such", { models: ["mock/rejects"] }));
    // What it pays to wait for.
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    expect(error.message).toContain("Nor could other models answer: `no/such` (model-not-found).");
    expect(error.headers?.get("retry-after")).toBeTruthy();
  });

  test("is not taken where null or nothing is said, and is bounded", async () => {
    expect((await ask("mock/echo", { models: null, routing: null })).route).toBeNull();
    const many = Array.from({ length: 9 }, (_, index) => `m${index}`);
    expect(await failure(ask("mock/echo", { models: many }))).toMatchObject({ param: "models" });
    expect(await failure(ask("mock/echo", { models: [] }))).toMatchObject({ param: "models" });
    expect(await failure(ask("mock/echo", { routing: {} }))).toMatchObject({
      ...{ status: 400, param: "routing" },
    });
  });

  test("works on Anthropic's wire and in streams", async () => {
    const reply = await fetch(`${api.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        ...{ model: "mock/rejects", models: ["mock/echo"], max_tokens: 50, messages },
      }),
    });
    expect(reply.headers.get("x-parley-model")).toBe("mock/echo");
    expect(await reply.json()).toMatchObject({ model: "mock/echo" });
    const body = { model: "mock/rejects", models: ["mock/echo"], messages, stream: true as const };
    const { data, response } = await client.chat.completions.create(body).withResponse();
    const models = new Set<string>();
    for await (const chunk of data) models.add(chunk.model);
    expect([...models]).toEqual(["mock/echo"]);
    expect(response.headers.get("x-parley-model")).toBe("mock/echo");
  });
});

test("what a keeper set stands where the request says nothing", async () => {
  await settings({ model: "mock/echo", defaults: { maxTokens: 2, temperature: 0.3 } });
  expect((await ask("mock/echo")).data.choices[0]?.finish_reason).toBe("length");
  expect((await ask("mock/echo", { max_tokens: 50 })).text).toBe("alpha beta gamma");
});

test("a mirror gets its copy after the answer began, and charges nobody else", async () => {
  await settings({ model: "mock/random", limits: { requestsPerMinute: 1 } });
  await alias({
    ...{ name: "mirrored", targets: [{ model: "mock/echo" }] },
    // One that never says a word would hold up whoever waited for it.
    mirrors: [
      { model: "mock/random", share: 1 },
      { model: "mock/rejects", share: 1 },
    ],
  });
  const outcomes = async () =>
    (await gatewayMetrics.mirrors.get()).values.map(({ labels, value }) => [
      ...[labels.model, labels.outcome, value],
    ]);
  const { data, model, route } = await ask("mirrored");
  expect([data.choices[0]?.message.content, model]).toEqual(["alpha beta gamma", "mock/echo"]);
  expect(route).not.toContain("random");
  await vi.waitFor(async () =>
    expect(await outcomes()).toEqual(
      expect.arrayContaining([
        ["mock/random", "complete", 1],
        ["mock/rejects", "overloaded", 1],
      ]),
    ),
  );
  await usageFlusher().flush();
  const copies = await api.database.db
    .select()
    .from(usageRecords)
    .where(eq(usageRecords.owner, "mirror"));
  expect(copies.map((it) => [it.endpoint, it.asked, it.model])).toContainEqual([
    ...["mirror", "mirrored", "mock/random"],
  ]);
  const own = await api.database.db
    .select()
    .from(usageRecords)
    .where(eq(usageRecords.asked, "mirrored"));
  expect(own.filter(({ owner }) => owner !== "mirror")).toHaveLength(1);
  // The copy has not used up what callers may ask of the model.
  expect((await ask("mock/random")).model).toBe("mock/random");
  expect(await failure(ask("mock/random"))).toMatchObject({ status: 429 });
});

describe("auto", () => {
  test("takes a model within the limits and says why", async () => {
    await settings({ model: "mock/echo", price: { prompt: 1, completion: 2 } });
    const only = { models: ["mock/echo", "mock/context"] };
    const { model, route, data } = await ask("auto", { routing: only });
    // Neither has votes: the cheaper one.
    expect(model).toBe("mock/context");
    expect(data.model).toBe("mock/context");
    expect(route).toMatch(
      /^auto took the best of 2 models; \d+ beyond the limits: it has no rating/,
    );
    const tight = { models: ["mock/echo"], max_price: { completion: 1.5 } };
    expect(await failure(ask("auto", { routing: tight }))).toMatchObject({
      ...{ status: 400, param: "routing.max_price.completion" },
    });
    const slow = { models: ["mock/echo"], max_first_token_ms: 1e-6 };
    expect(await failure(ask("auto", { routing: slow }))).toMatchObject({
      ...{ status: 400, param: "routing.max_first_token_ms" },
    });
    expect(await failure(ask("auto", { routing: { max_cost: 1 } }))).toMatchObject({
      ...{ status: 400, param: "routing.max_cost" },
    });
  });

  test("takes the best-rated one, and goes on where it is full", async () => {
    const ratings = new Map([
      ["mock/rejects", 1_300],
      ["mock/echo", 1_200],
      ["mock/long", 1_000],
    ]);
    const read = vi.spyOn(currentRatings(), "get").mockResolvedValue(ratings);
    const { model, route } = await ask("auto");
    read.mockRestore();
    expect(model).toBe("mock/echo");
    expect(route).toMatch(
      /^mock\/echo answered in place of mock\/rejects \(overloaded\)\. auto took number 2 of \d+ models: its rating is 1200/,
    );
  });
});

test("models are listed with aliases, prices and auto", async () => {
  await alias({ name: "fast", targets: [{ model: "mock/echo" }, { model: "no/such" }] });
  await alias({ name: "asleep", targets: [{ model: "no/such" }] });
  await settings({ model: "mock/echo", price: { prompt: 1, completion: 2.5 } });
  const { data } = await client.models.list();
  const find = (id: string) => data.find((it) => it.id === id);
  expect(find("mock/echo")).toMatchObject({
    price: { prompt: 1, cached_prompt: 1, completion: 2.5 },
  });
  expect(find("fast")).toMatchObject({
    ...{ object: "model", owned_by: "parley", alias_of: ["mock/echo", "no/such"] },
    context_length: 8_192,
  });
  expect(find("auto")).toMatchObject({ object: "model" });
  expect(find("asleep")).toBeUndefined();
  expect(await client.models.retrieve("fast")).toMatchObject({ id: "fast" });
  expect(await failure(client.models.retrieve("asleep"))).toMatchObject({ status: 503 });
  expect(await failure(client.models.retrieve("none"))).toMatchObject({ status: 404 });
});

describe("feedback", () => {
  const say = (body: object, by = client) =>
    by.post<{ object: string; answer_id: string; score: number }>("/feedback", { body });

  test("is taken for one's own answers, at once and again", async () => {
    const { data, response } = await client.chat.completions
      .create({ model: "mock/echo", messages })
      .withResponse();
    const { id } = data;
    expect(await say({ id, score: "up" })).toMatchObject({ object: "feedback", score: 1 });
    await usageFlusher().flush();
    expect(await say({ id, score: -0.5, comment: "meh", tags: ["a", "a"] })).toMatchObject({
      answer_id: id.replace("chatcmpl-", "").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    });
    const requestId = response.headers.get("x-request-id");
    await say({ request_id: requestId, score: "down", tags: null });
    const rows = await api.database.db.query.feedback.findMany();
    expect(rows).toMatchObject([
      { owner: "anonymous", model: "mock/echo", score: -1, comment: null, tags: [] },
    ]);
  });

  test("names what is wrong", async () => {
    const id = `chatcmpl-${"0".repeat(32)}`;
    expect(await failure(say({ id, score: 1 }))).toMatchObject({ status: 404, param: "id" });
    for (const [body, param] of [
      [{ id: "x", score: 1 }, "id"],
      [{ score: 1 }, "id"],
      [{ id, request_id: "r", score: 1 }, "id"],
      [{ id, score: 2 }, "score"],
      [{ id, score: "good" }, "score"],
      [{ id, score: 1, comment: "\0" }, "comment"],
      [{ id, score: 1, tags: Array(17).fill("t") }, "tags"],
      [{ id, score: 1, vote: 1 }, "vote"],
    ] as const) {
      expect(await failure(say(body)), JSON.stringify(body)).toMatchObject({ status: 400, param });
    }
  });
});

const seed = Math.floor(Math.random() * 2 ** 31);

test(`whatever is asked for and whoever leaves, every place is given back (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const mirrors = [{ model: "mock/slow", share: 0.3 }];
  const targets = [{ model: "mock/fails-after-3-tokens" }, { model: "mock/echo" }];
  await alias({ name: "mixed", targets, mirrors, rollbackOn: { requestsMin: 5 } });
  await alias({ name: "nested", targets: [{ model: "mixed" }, { model: "mock/never" }] });
  await settings({ model: "mock/context", fallbacks: ["mixed"] });
  const names = [
    "mixed",
    "nested",
    "auto",
    "no/such",
    "mock/rejects",
    "mock/context",
    "mock/never",
  ];
  const outcomes = new Set<string>();
  const one = async () => {
    const leave = new AbortController();
    const timer = setTimeout(() => leave.abort(), 5 + random() * 300);
    const body = {
      ...{ model: pick(names), models: [pick(names), pick(names)], messages, max_tokens: 5 },
      ...{ n: random() < 0.3 ? 2 : 1, stream: random() < 0.5 },
    };
    try {
      const reply = await client.chat.completions.create(body, { signal: leave.signal });
      if ("choices" in reply) outcomes.add(reply.model);
      else for await (const chunk of reply) outcomes.add(chunk.model);
    } catch (error) {
      outcomes.add(error instanceof OpenAI.APIError ? String(error.status ?? "left") : "broken");
    } finally {
      clearTimeout(timer);
    }
  };
  for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 12 }, one));
  // On a busy machine all may have left before their answers.
  expect(outcomes.size).toBeGreaterThan(0);
  expect((await ask("mock/echo")).model).toBe("mock/echo");
  // The copies end by themselves, five tokens later.
  await vi.waitFor(() => expect(api.controller.inFlight()).toBe(0), { timeout: 10_000 });
});

/** Last: from the first key on, all need one. */
describe("a key that may use some models", () => {
  test("is let in by the names that led to a model, and by no others", async () => {
    const key = async (models: string[]) => {
      const made = await createKey(api.database.db, {
        ...{ name: "k", scopes: ["generate", "read"], models, limits: {}, expiresAt: null },
      });
      await keyRing().refresh();
      return new OpenAI({ baseURL: `${api.url}/v1`, apiKey: made.key, maxRetries: 0 });
    };
    await alias({ name: "mine", targets: [{ model: "mock/echo" }] });
    const mine = await key(["mine"]);
    expect((await ask("mine", {}, mine)).model).toBe("mock/echo");
    expect(await failure(ask("mock/echo", {}, mine))).toMatchObject({ status: 403 });
    // The alias opens its own models; what the request lists beside it stands alone.
    const list = { models: ["mock/echo"] };
    expect(await failure(ask("mock/rejects", list, mine))).toMatchObject({ status: 403 });
    expect((await ask("mock/echo", { models: ["mine"] }, mine)).model).toBe("mock/echo");
    expect((await mine.models.list()).data.map((it) => it.id)).toEqual(["mine"]);
    expect(await failure(mine.models.retrieve("mock/echo"))).toMatchObject({ status: 404 });
    expect(await failure(ask("auto", {}, mine))).toMatchObject({ status: 403 });
    const some = await key(["mock/context"]);
    expect((await ask("auto", {}, some)).model).toBe("mock/context");
    // And another caller's answers are none of its own.
    const { data } = await ask("mine", {}, mine);
    const said = some.post("/feedback", { body: { id: data.id, score: 1 } });
    expect(await failure(said)).toMatchObject({ status: 404 });
  });
});
