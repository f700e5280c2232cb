/**
 * Goal: what programs may not ask for is answered under no name, and said to be there; what an operator says of a
 * model is what programs read of it, its shorter context and its price included. Method: OpenAI's and Anthropic's
 * clients against the route handlers, settings written as operators write them.
 */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { catalog } from "@/lib/catalog/catalog";
import { setAlias } from "@/lib/catalog/edit-catalog";
import { setModel } from "@/lib/models/set-model";
import { aliasSchema } from "@/lib/protocol/catalog";
import { modelBodySchema } from "@/lib/protocol/catalog-view";
import { toRelayCard } from "@/lib/relay/relay-card";
import { rules } from "@/lib/rules/rules";
import { createMockBackend } from "@/worker/backends/mock";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const CLOSED = "mock/slow";
const OPEN = "mock/echo";
const PRICED = "mock/paced";
let api: ApiServer;
let client: OpenAI;
let anthropic: Anthropic;

/** Says so of its price and its files. */
function pricedBackend() {
  const backend = createMockBackend({ models: [PRICED], slots: 2, tokenMs: 1 });
  const card = backend.card();
  const models = card.models.map((it) => ({
    ...{ ...it, price: { prompt: 1, completion: 2 }, diskBytes: 1_000 },
  }));
  return { ...backend, card: () => ({ ...card, models }) };
}

beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ models: [CLOSED, OPEN, "mock/reader"] });
  await api.addWorker({ backend: pricedBackend() });
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "none", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: api.url, apiKey: "none", maxRetries: 0 });
  for (const [name, targets] of [
    ["both", [CLOSED, OPEN]],
    ["only", [CLOSED]],
  ] as const) {
    const alias = aliasSchema.parse({ name, targets: targets.map((model) => ({ model })) });
    await setAlias(alias, api.database.db);
  }
});
afterAll(() => api.close());
beforeEach(() => set({ model: CLOSED, visibility: { ...EVERYWHERE, api: false } }));

const EVERYWHERE = { arena: true, direct: true, api: true, isAnonymousOnly: false };

async function set(said: object): Promise<void> {
  await setModel(modelBodySchema.parse(said), api.database.db);
  await Promise.all([catalog().refresh(), rules().refresh()]);
}

const ask = (model: string, more: object = {}) =>
  client.chat.completions.create({
    ...{ model, messages: [{ role: "user" as const, content: "one two" }], ...more },
    stream: false,
  });

const refusal = (act: Promise<unknown>) =>
  act.then(
    () => expect.fail("it was answered"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(OpenAI.APIError);
      const { status, code, param, message } = error as InstanceType<typeof OpenAI.APIError>;
      return { status, code, param, message };
    },
  );

const listed = async () => (await client.models.list()).data.map(({ id }) => id);

describe("a model that is not served through the API", () => {
  test("is refused in each protocol's shape, and said to be there", async () => {
    const told = { status: 403, param: "model", message: expect.stringContaining(CLOSED) };
    expect(await refusal(ask(CLOSED))).toMatchObject(told);
    expect(await refusal(client.models.retrieve(CLOSED))).toMatchObject(told);
    expect(await refusal(client.responses.create({ model: CLOSED, input: "one" }))).toMatchObject({
      status: 403,
    });
    expect(await refusal(client.completions.create({ model: CLOSED, prompt: "a" }))).toMatchObject(
      told,
    );
    const message = anthropic.messages.create({
      ...{ model: CLOSED, max_tokens: 4, messages: [{ role: "user", content: "one" }] },
    });
    await expect(message).rejects.toBeInstanceOf(Anthropic.PermissionDeniedError);
    const reply = await fetch(`${api.url}/tokenize`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ model: CLOSED, prompt: "one" }),
    });
    expect(reply.status).toBe(403);
  });

  test("stands in no list of models, and on the pages all the same", async () => {
    expect(await listed()).not.toContain(CLOSED);
    const theirs = (await anthropic.models.list()).data.map(({ id }) => id);
    expect(theirs).toContain(OPEN);
    expect(theirs).not.toContain(CLOSED);
    const { models } = await (await fetch(`${api.url}/api/models`)).json();
    const view = models.find((it: { name: string }) => it.name === CLOSED);
    expect(view).toMatchObject({ awake: true, isDirect: true, isApi: false });
  });

  test("is asked by no other name: an alias goes on without it, `auto` and stand-ins pass it by", async () => {
    for (let round = 0; round < 6; round++) expect((await ask("both")).model).toBe(OPEN);
    expect(await refusal(ask("only"))).toMatchObject({ status: 403 });
    expect(await refusal(client.models.retrieve("only"))).toMatchObject({ status: 403 });
    expect(await listed()).not.toContain("only");
    const auto = await ask("auto", { routing: { models: [CLOSED, OPEN] } });
    expect(auto.model).toBe(OPEN);
    expect((await ask(CLOSED, { models: [OPEN] })).model).toBe(OPEN);
    await set({ model: OPEN, fallbacks: [CLOSED] });
    expect((await ask(OPEN)).model).toBe(OPEN);
    await set({ model: OPEN });
  });

  test("is offered to no Parley above", async () => {
    const identity = { installationId: "i", name: "n", version: "1", waitingMax: 1 };
    const names = () =>
      toRelayCard(api.controller.fleet(), identity, undefined).models.map(({ name }) => name);
    expect(names()).toContain(OPEN);
    expect(names()).not.toContain(CLOSED);
    await set({ model: CLOSED, visibility: EVERYWHERE });
    expect(names()).toContain(CLOSED);
    expect(await listed()).toContain(CLOSED);
    expect((await ask(CLOSED, { max_tokens: 1 })).model).toBe(CLOSED);
  });
});

test("the operator's card is what lists and pages tell", async () => {
  const card = {
    organization: "Acme",
    licence: "MIT",
    summary: "Says it back.",
    contextLength: 40,
  };
  await set({ model: OPEN, card: { ...card, link: "https://acme.example/echo" } });
  const model = await client.models.retrieve(OPEN);
  expect(model).toMatchObject({ owned_by: "Acme", context_length: 40 });
  const { models } = await (await fetch(`${api.url}/api/models`)).json();
  const view = models.find((it: { name: string }) => it.name === OPEN);
  expect(view.contextLength).toBe(40);
  expect(view.description).toMatchObject({ organization: "Acme", summary: "Says it back." });
  expect(view.description.link).toBe("https://acme.example/echo");
  const relayed = toRelayCard(
    api.controller.fleet(),
    { installationId: "i", name: "n", version: "1", waitingMax: 1 },
    undefined,
  ).models.find(({ name }) => name === OPEN);
  expect(relayed).toMatchObject({ contextLength: 40, description: { licence: "MIT" } });
  await set({ model: OPEN });
  expect(await client.models.retrieve(OPEN)).toMatchObject({ owned_by: "Parley" });
});

test("a shorter context refuses and ends answers as the model's own would", async () => {
  const words = (count: number) => Array.from({ length: count }, () => "word").join(" ");
  const asking = (count: number, more: object = {}) =>
    client.chat.completions.create({
      ...{ model: OPEN, messages: [{ role: "user" as const, content: words(count) }], ...more },
      stream: false,
    });
  const whole = (await asking(20)).usage?.prompt_tokens ?? 0;
  await set({ model: OPEN, card: { contextLength: whole + 5 } });
  const cut = await asking(20);
  expect(cut.choices[0]?.finish_reason).toBe("length");
  expect(cut.usage).toMatchObject({ prompt_tokens: whole, completion_tokens: 5 });
  expect((await asking(20, { max_tokens: 2 })).usage?.completion_tokens).toBe(2);
  expect(await refusal(asking(200))).toMatchObject({
    ...{ status: 400, code: "context_length_exceeded" },
    message: expect.stringContaining(`${whole + 5} tokens are served`),
  });
  const reply = await fetch(`${api.url}/tokenize`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ model: OPEN, prompt: "one" }),
  });
  expect(await reply.json()).toMatchObject({ max_model_len: whole + 5 });
  // What holds more answers in its place, where the request allows it.
  expect((await asking(200, { models: [PRICED], max_tokens: 1 })).model).toBe(PRICED);
  await set({ model: OPEN });
});

test("what is charged is the operator's price, else what its worker said", async () => {
  const priceOf = async () => {
    const model = await client.models.retrieve(PRICED);
    return (model as unknown as { price?: object }).price;
  };
  const told = { prompt: 1, cached_prompt: 1, completion: 2 };
  await vi.waitFor(async () => expect(await priceOf()).toEqual(told));
  await set({ model: PRICED, price: { prompt: 5, completion: 6 } });
  expect(await priceOf()).toMatchObject({ prompt: 5, completion: 6 });
  await set({ model: PRICED, price: { prompt: 0, completion: 0 } });
  expect(await priceOf()).toBeUndefined();
  await set({ model: PRICED });
  expect(await priceOf()).toEqual(told);
  // A limit of price chooses by it.
  const within = { routing: { models: [PRICED], max_price: { completion: 1 } } };
  expect(await refusal(ask("auto", within))).toMatchObject({ status: 400 });
});
