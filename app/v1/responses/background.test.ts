/**
 * Goal: what runs in the background needs nobody to wait for it, can be watched by whoever owns it, from
 * any process, and ends when it should.
 * Method: the official package over HTTP, a worker that goes on when the test says so, and a second set of
 * responses over the same database for what another process would see.
 */
import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { ENVIRONMENT_CALLER } from "@/lib/auth/api-caller";
import { createKey } from "@/lib/auth/key-store";
import { RESPONSES_BACKGROUND_OWNER_MAX } from "@/lib/limits";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { messageText } from "@/lib/protocol/message";
import { Responses, responses } from "@/lib/responses/responses";
import { usageLedger } from "@/lib/usage/ledger";
import { seededRandom } from "@/lib/util/random";
import { type AddedWorker, type ApiServer, startApiServer } from "../__fixtures__/api-server";
import {
  callFor,
  createScriptedBackend,
  gate,
  type Script,
  say,
  think,
} from "../__fixtures__/scripted-backend";

let api: ApiServer;
let client: OpenAI;
let worker: AddedWorker;
let elsewhere: Responses;
let script: Script = { steps: [] };
const model = "test/scripted";
const background = true;
/** An input whose answer never ends by itself. */
const HELD = "held";
const { owner } = ENVIRONMENT_CALLER;

beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker({ backend: createScriptedBackend(model, play).backend });
  const baseURL = `${api.url}/v1`;
  client = new OpenAI({ baseURL, apiKey: "api-key-of-the-tests", maxRetries: 0 });
  elsewhere = new Responses({ db: api.database.db, controller: api.controller });
});
afterAll(() => api.close());
afterEach(async () => {
  // Nothing of one test runs into the next.
  await responses().stop();
  await idle();
});

/** Which script a worker plays is told by the request where several run at once. */
function play({ messages }: GenerateRequest): Script {
  const isHeld = messages.some((message) => messageText(message) === HELD);
  return isHeld ? { steps: [say("one "), gate().closed] } : script;
}

async function failure(act: PromiseLike<unknown>): Promise<unknown> {
  try {
    await act;
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}

async function idle(): Promise<void> {
  await vi.waitFor(() => expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 }));
}

async function poll(id: string, status: string): Promise<OpenAI.Responses.Response> {
  return vi.waitFor(
    async () => {
      const response = await client.responses.retrieve(id);
      expect(response.status).toBe(status);
      return response;
    },
    { timeout: 5_000 },
  );
}

async function collect(stream: AsyncIterable<ResponseStreamEvent>, count?: number) {
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

describe("a background response", () => {
  test("is there at once, grows where it is polled, and completes by itself", async () => {
    const [first, second] = [gate(), gate()];
    script = { steps: [first.closed, say("one "), say("two "), second.closed, say("three")] };
    const made = await client.responses.create({ model, input: "x", background });
    expect(made).toMatchObject({ status: "queued", background: true, output: [], usage: null });
    expect(usageLedger().find({ id: meterIdOf(made.id) })?.outcome).toBeUndefined();
    first.open();
    await vi.waitFor(async () => {
      const growing = await client.responses.retrieve(made.id);
      expect(growing).toMatchObject({ status: "in_progress", output_text: "one two " });
    });
    second.open();
    const done = await poll(made.id, "completed");
    expect(done.output_text).toBe("one two three");
    expect(done.usage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
    // It is charged to the request that began it, to its end.
    expect(usageLedger().find({ id: meterIdOf(made.id) })).toMatchObject({
      ...{ outcome: "complete", promptTokens: 10, completionTokens: 5 },
    });
  });

  test("is streamed to several readers, who may leave and come back", async () => {
    const hold = gate();
    script = {
      steps: [think("hm"), say("one "), hold.closed, say("two"), ...callFor(0, "f", "{}")],
      finish: "tool-calls",
    };
    const tools = [{ type: "function" as const, name: "f", parameters: {}, strict: null }];
    const body = { model, input: "x", background, tools, stream: true as const };
    const seen = await collect(await client.responses.create(body), 10);
    expect(seen.slice(0, 3).map(({ type }) => type)).toEqual([
      ...["response.created", "response.queued", "response.in_progress"],
    ]);
    const created = seen[0];
    if (created?.type !== "response.created") throw new Error("it was not created");
    const { id } = created.response;
    const last = seen.at(-1)?.sequence_number ?? 0;
    const back = client.responses.retrieve(id, { stream: true, starting_after: last });
    const whole = client.responses.retrieve(id, { stream: true });
    const afar = collectOwn(
      await elsewhere.follow(owner, id, { signal: new AbortController().signal }),
    );
    hold.open();
    const rest = await collect(await back);
    const all = await collect(await whole);
    expect([...seen, ...rest]).toEqual(all);
    expect(all.map((event) => event.sequence_number)).toEqual(all.map((_, at) => at));
    expect(all.at(-1)?.type).toBe("response.completed");
    expect(plain(await afar)).toEqual(all);
    // From the row alone, as after the process that made it died.
    expect(plain(await collectOwn(await elsewhere.follow(owner, id, forever)))).toEqual(all);
    const replayed = await client.responses.stream({ response_id: id }).finalResponse();
    expect(replayed).toMatchObject({ ...(await client.responses.retrieve(id)) });
  });

  test("that cannot be made fails with the reason", async () => {
    const made = await client.responses.create({ model: "no/such", input: "x", background });
    const failed = await poll(made.id, "failed");
    expect(failed.error).toMatchObject({ code: "invalid_prompt" });
    expect(failed.error?.message).toMatch(/no\/such/);
  });

  test("cannot be a beginner's mistake", async () => {
    const body = { model, input: "x", background, store: false };
    expect(await failure(client.responses.create(body))).toMatchObject({
      ...{ status: 400, param: "background" },
    });
    const refused = { ...body, store: true, previous_response_id: "resp_1" };
    expect(await failure(client.responses.create(refused))).toMatchObject({ status: 400 });
  });

  test("is one of a limited number", async () => {
    const hold = gate();
    script = { steps: [say("a"), hold.closed] };
    const create = () => client.responses.create({ model, input: "x", background });
    await Promise.all(Array.from({ length: RESPONSES_BACKGROUND_OWNER_MAX }, create));
    const refused = await failure(create());
    expect(refused).toBeInstanceOf(OpenAI.RateLimitError);
    expect((refused as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("5");
    hold.open();
    await idle();
    await vi.waitFor(async () => expect((await create()).status).toBe("queued"));
  });

  test("ends as failed, with what it said, when the process is stopped", async () => {
    script = { steps: [say("one "), gate().closed] };
    const made = await client.responses.create({ model, input: "x", background });
    await vi.waitFor(async () => {
      expect((await client.responses.retrieve(made.id)).output_text).toBe("one ");
    });
    await responses().stop();
    const ended = await client.responses.retrieve(made.id);
    expect(ended).toMatchObject({ status: "failed", output_text: "one " });
    expect(ended.error?.message).toMatch(/was stopped/);
    await idle();
  });
});

describe("cancel", () => {
  test("stops the worker and keeps what was said, however often it is asked", async () => {
    script = { steps: [say("one "), gate().closed] };
    const made = await client.responses.create({ model, input: "x", background });
    const reader = collect(await client.responses.retrieve(made.id, { stream: true }));
    await vi.waitFor(() => expect(worker.server.load().running).toBe(1));
    const both = await Promise.all([
      client.responses.cancel(made.id),
      client.responses.cancel(made.id),
    ]);
    for (const cancelled of both) expect(cancelled.status).toBe("cancelled");
    await idle();
    const again = await client.responses.cancel(made.id);
    // The package adds `output_text` to some of its answers.
    expect(await client.responses.retrieve(made.id)).toMatchObject(again);
    const last = (await reader).at(-1);
    expect(last).toMatchObject({ type: "response.incomplete", response: { status: "cancelled" } });
    expect(usageLedger().find({ id: meterIdOf(made.id) })?.outcome).toBe("cancelled");
  });

  test("and delete by way of another process stop the worker, too", async () => {
    for (const act of ["cancel", "delete"] as const) {
      script = { steps: [say("one "), gate().closed] };
      const { id } = await client.responses.create({ model, input: "x", background });
      await vi.waitFor(() => expect(worker.server.load().running).toBe(1));
      await elsewhere[act](owner, id);
      await vi.waitFor(() => expect(worker.server.load().running).toBe(0), { timeout: 3_000 });
      if (act === "cancel") expect((await poll(id, "cancelled")).status).toBe("cancelled");
      else expect(await failure(client.responses.retrieve(id))).toMatchObject({ status: 404 });
    }
  });

  test("leaves what has ended as it is, and is not for what somebody waits for", async () => {
    script = { steps: [say("one")] };
    const made = await client.responses.create({ model, input: "x", background });
    const done = await poll(made.id, "completed");
    expect(done).toMatchObject(await client.responses.cancel(made.id));
    const plain = await client.responses.create({ model, input: "x" });
    expect(await failure(client.responses.cancel(plain.id))).toMatchObject({ status: 400 });
  });
});

test("what belongs to another is not there", async () => {
  const { key } = await createKey(api.database.db, {
    ...{ name: "other", scopes: ["generate"], models: null, limits: {}, expiresAt: null },
  });
  const other = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: key, maxRetries: 0 });
  const { id } = await client.responses.create({ model, input: HELD, background });
  script = { steps: [say("mine")] };
  const done = await client.responses.create({ model, input: "secret" });
  const calls = [id, done.id].flatMap((it) => [
    () => other.responses.retrieve(it),
    () => other.responses.retrieve(it, { stream: true }),
    () => other.responses.inputItems.list(it),
    () => other.responses.cancel(it),
    () => other.responses.delete(it),
  ]);
  for (const call of calls) {
    const error = await failure(call());
    expect(error).toMatchObject({ status: 404, code: "not_found" });
    expect(String(error)).toMatch(/^Error: 404 There is no response/);
  }
  const before = { model, input: "y", previous_response_id: done.id };
  expect(await failure(other.responses.create(before))).toMatchObject({ status: 400 });
  const reference = { type: "item_reference" as const, id: done.output[0]?.id ?? "" };
  expect(await failure(other.responses.create({ model, input: [reference] }))).toMatchObject({
    ...{ status: 400, param: "input.0.id" },
  });
  expect((await client.responses.retrieve(id)).status).toMatch(/queued|in_progress/);
  expect((await client.responses.retrieve(done.id)).output_text).toBe("mine");
});

test("whatever comes in whatever order, nothing is left running and every state is one there is", async () => {
  const seed = Number(process.env.SEED ?? 20_261_121);
  const random = seededRandom(seed);
  script = { steps: [say("one "), say("two")] };
  const ids: string[] = [];
  const any = () => ids[Math.floor(random() * ids.length)] ?? `resp_${"0".repeat(64)}`;
  const status = async (act: PromiseLike<unknown>) =>
    act.then(
      () => 200,
      (error: { status?: number }) => error.status ?? String(error),
    );
  const acts = [
    async () => {
      const input = random() < 0.5 ? HELD : "x";
      const body = { model, input, background: input === HELD || random() < 0.5 };
      return status(client.responses.create(body).then(({ id }) => ids.push(id)));
    },
    () => status(client.responses.retrieve(any())),
    () => status(client.responses.cancel(any())),
    () => status(client.responses.delete(any())),
    () => status(client.responses.inputItems.list(any())),
    () => {
      // Of a conversation that holds the word the answer would never end.
      const previous_response_id = any();
      return status(
        client.responses.create({ model, input: "y", previous_response_id, background }),
      );
    },
  ];
  for (let round = 0; round < 40; round++) {
    const drawn = Array.from({ length: 3 }, () => acts[Math.floor(random() * acts.length)]);
    const answers = await Promise.all(drawn.map((act) => act?.()));
    for (const answer of answers) {
      expect([200, 400, 404, 429], `seed ${seed}, round ${round}`).toContain(answer);
    }
  }
  await responses().stop();
  await idle();
  const rows = await api.database.db.query.responses.findMany({ columns: { status: true } });
  for (const row of rows) expect(["completed", "cancelled", "failed"]).toContain(row.status);
});

const forever = { signal: new AbortController().signal };

async function collectOwn(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const collected: unknown[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** Of the usage record, as feedback finds it. */
function meterIdOf(id: string): string {
  const hex = id.slice(5, 37);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
