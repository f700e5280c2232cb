/**
 * Goal: a model that only battles draw has no name for anybody else: not asked for, not listed, not told of
 * in an error. Method: OpenAI's client against the route handlers, and rules written as operators write them.
 */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { catalog } from "@/lib/catalog/catalog";
import { setAlias, setModel, unsetModel } from "@/lib/catalog/edit-catalog";
import { BoardEngine } from "@/lib/leaderboard/board-engine";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { boardKeyText, OVERALL } from "@/lib/protocol/board-key";
import { aliasSchema } from "@/lib/protocol/catalog";
import { modelSettingsSchema } from "@/lib/protocol/catalog-view";
import { changeRules, rules } from "@/lib/rules/rules";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const HIDDEN = "mock/slow";
let api: ApiServer;
let client: OpenAI;

beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ models: [HIDDEN, "mock/echo"] });
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "none", maxRetries: 0 });
  await setAlias(
    aliasSchema.parse({ name: "both", targets: [{ model: HIDDEN }, { model: "mock/echo" }] }),
    api.database.db,
  );
  await setAlias(
    aliasSchema.parse({ name: "only", targets: [{ model: HIDDEN }] }),
    api.database.db,
  );
  await catalog().refresh();
  await hide(true);
  // Models that nobody voted on stand on a board that was computed.
  await new BoardEngine(api.database.db).compute(boardKeyText(OVERALL));
});
afterAll(() => api.close());

async function hide(isAnonymousOnly: boolean) {
  const rule = { model: HIDDEN, isAnonymousOnly };
  await changeRules(api.database.db, arenaSettingsSchema.parse({ sampling: { models: [rule] } }));
  await rules().refresh();
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
      const { status, code, message } = error as InstanceType<typeof OpenAI.APIError>;
      return { status, code, message };
    },
  );

describe("by its name", () => {
  test("there is no such model, in the words of one that nobody ever heard of", async () => {
    const hidden = await refusal(ask(HIDDEN));
    const unknown = await refusal(ask("no/such"));
    expect(hidden).toEqual({ ...unknown, message: unknown.message.replace("no/such", HIDDEN) });
    expect(hidden.code).toBe("model_not_found");
    expect(unknown.message).toContain("mock/echo");
    expect(unknown.message).not.toContain(HIDDEN);
  });

  test("neither retrieved nor tokenized with", async () => {
    expect(await refusal(client.models.retrieve(HIDDEN))).toMatchObject({ status: 404 });
    const body = JSON.stringify({ model: HIDDEN, prompt: "one" });
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${api.url}/tokenize`, { method: "POST", body, headers });
    expect(reply.status).toBe(404);
  });
});

describe("by another name", () => {
  test("an alias is answered by its other target, and by nobody where there is none", async () => {
    for (let round = 0; round < 8; round++) expect((await ask("both")).model).toBe("mock/echo");
    expect(await refusal(ask("only"))).toMatchObject({ status: 404, code: "model_not_found" });
  });

  test("`auto` and further models pass it by", async () => {
    expect((await ask("auto")).model).toBe("mock/echo");
    expect((await ask(HIDDEN, { models: ["mock/echo"] })).model).toBe("mock/echo");
    expect((await ask("no/such", { models: [HIDDEN, "mock/echo"] })).model).toBe("mock/echo");
  });
});

describe("where operators have named it", () => {
  const read = async (path: string) => {
    const reply = await fetch(`${api.url}${path}`);
    return { status: reply.status, text: await reply.text() };
  };

  test("aliases do not list it among their models, awake or asleep", async () => {
    const { text } = await read("/v1/models");
    expect(text).toContain('"both"');
    expect(text).not.toContain(HIDDEN);
    const { data } = JSON.parse(text) as { data: { id: string; alias_of?: string[] }[] };
    expect(data.find(({ id }) => id === "both")?.alias_of).toEqual(["mock/echo"]);
    expect((await read("/v1/models/both")).text).not.toContain(HIDDEN);
    const targets = [{ model: HIDDEN }, { model: "asleep" }];
    await setAlias(aliasSchema.parse({ name: "resting", targets }), api.database.db);
    await catalog().refresh();
    const resting = await read("/v1/models/resting");
    expect(resting).toMatchObject({ status: 503, text: expect.stringContaining("`asleep`") });
    expect(resting.text).not.toContain(HIDDEN);
  });

  test("an alias of it alone is as unknown as a name of nobody's", async () => {
    const [only, unknown] = [await read("/v1/models/only"), await read("/v1/models/ylno")];
    expect(only).toEqual({ ...unknown, text: unknown.text.replace("ylno", "only") });
  });

  test("what stands in for it does so for nobody, and nobody is told that it would", async () => {
    const { db } = api.database;
    await setModel(modelSettingsSchema.parse({ model: HIDDEN, fallbacks: ["mock/echo"] }), db);
    await catalog().refresh();
    expect(await refusal(ask(HIDDEN))).toMatchObject({ status: 404, code: "model_not_found" });
    expect(await refusal(ask("only"))).toMatchObject({ status: 404, code: "model_not_found" });
    expect((await read(`/v1/models/${HIDDEN}`)).status).toBe(404);
    expect((await read("/v1/models")).text).not.toContain('"only"');
    const said = await ask("both").asResponse();
    expect(JSON.stringify([...said.headers])).not.toContain(HIDDEN);
    await unsetModel(HIDDEN, db);
    await catalog().refresh();
  });
});

test("lists do not name it, until the rule is taken back", async () => {
  const listed = async () => (await client.models.list()).data.map(({ id }) => id);
  const pages = async () => (await (await fetch(`${api.url}/api/models`)).text()).includes(HIDDEN);
  const board = async () =>
    (await (await fetch(`${api.url}/api/leaderboard`)).text()).includes(HIDDEN);
  expect(await listed()).not.toContain(HIDDEN);
  expect(await listed()).toContain("mock/echo");
  expect([await pages(), await board()]).toEqual([false, false]);
  await hide(false);
  expect(await listed()).toContain(HIDDEN);
  expect(await pages()).toBe(true);
  // Boards hear of the rules by an announcement.
  await vi.waitFor(async () => expect(await board()).toBe(true));
  expect((await ask(HIDDEN, { max_tokens: 1 })).model).toBe(HIDDEN);
});
