/**
 * Goal: a platform that is put behind itself under the same names says so, and does not ask itself for ever.
 * Method: real workers of both kinds that stand before servers, whose server is the API that they work for; over HTTP.
 */
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { modelEntrySchema } from "@/lib/protocol/model-entry";
import { VIA_HEADER } from "@/lib/protocol/via";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { log as realLog } from "@/lib/telemetry/log";
import type { Backend } from "@/worker/backend";
import { createExternalBackend } from "@/worker/backends/external";
import { createMockBackend } from "@/worker/backends/mock";
import { createOpenAiCompatibleBackend } from "@/worker/backends/openai-compatible";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const KEY = "api-key-of-the-tests";
const MODEL = "mock/echo";
/** That one of two workers is never drawn in so many requests is as good as impossible (2⁻⁶⁴). */
const ASKED_MAX = 64;
const log = realLog.child({}, { level: "silent" });
const ends: (() => Promise<void>)[] = [];
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** As a keeper would write it who means another server. */
async function createExternal(url: string): Promise<Backend> {
  const entry = modelEntrySchema.parse({
    ...{ name: MODEL, provider: "openai-compatible", model: MODEL, contextLength: 2_048 },
    ...{ features: ["chat"], baseUrl: `${url}/v1` },
  });
  const models = [{ entry, credentials: { key: KEY } }];
  return await createExternalBackend({
    source: { read: async () => ({ models, warnings: [] }), watch: () => undefined },
    ...{ only: [], slots: 4, log },
  });
}

async function ask(more: object = {}, headers: Record<string, string> = {}) {
  const reply = await fetch(`${api.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({
      ...{ model: MODEL, messages: [{ role: "user", content: "one two" }] },
      ...more,
    }),
  });
  return { status: reply.status, text: await reply.text() };
}

async function createOpenAiCompatible(url: string): Promise<Backend> {
  const headers = () => ({ authorization: `Bearer ${KEY}` });
  return await createOpenAiCompatibleBackend(
    {
      ...{ baseUrl: `${url}/v1`, headers, models: [{ name: MODEL, upstreamName: MODEL }] },
      ...{ honours: [], lacks: [], embedders: [], mayProbe: false, slots: 4 },
    },
    { log, signal: new AbortController().signal },
  );
}

test.each([
  ["external", createExternal],
  ["openai-compatible", createOpenAiCompatible],
] as const)("a %s worker before its own platform", async (_, create) => {
  const first = await api.addWorker({
    backend: createMockBackend({ models: [MODEL], slots: 4, tokenMs: 0 }),
  });
  const backend = await create(api.url);
  const generate = vi.spyOn(backend, "generate");
  const second = await api.addWorker({ backend });
  ends.push(
    () => backend.close(),
    () => api.controller.leave(second.workerId, second),
  );
  // While somebody else has the model, what comes round goes there. Of two idle workers each is drawn as often.
  for (let asked = 0; asked < ASKED_MAX && generate.mock.calls.length === 0; asked++) {
    expect((await ask()).status).toBe(200);
  }
  expect(generate).toHaveBeenCalled();

  await api.controller.leave(first.workerId, first);
  generate.mockClear();
  for (const stream of [false, true]) {
    const { status, text } = await ask({ stream });
    expect(status).toBe(508);
    const { error } = JSON.parse(text);
    expect(error.code).toBe("loop_detected");
    expect(error.message).toContain("--base-url");
  }
  // Once for each question, and not for ever.
  expect(generate).toHaveBeenCalledTimes(2);
});

test("two platforms behind each other end as well: a chain has an end, and no list is not read", async () => {
  await api.addWorker({ models: [MODEL] });
  const ids = Array.from({ length: 17 }, () => crypto.randomUUID());
  const long = await ask({}, { [VIA_HEADER]: ids.join(",") });
  expect(long.status).toBe(508);
  expect((await ask({}, { [VIA_HEADER]: ids.slice(0, 16).join(", ") })).status).toBe(200);
  expect((await ask({}, { [VIA_HEADER]: "1.1 proxy" })).status).toBe(200);
});

test("an upstream is told by way of whom it is asked, in ids that say nothing of the platform", async () => {
  const upstream = await startOpenAiServer({ guise: "generic" });
  ends.push(upstream.close);
  const backend = await createOpenAiCompatibleBackend(
    {
      ...{ baseUrl: upstream.baseUrl, headers: () => ({}), models: [] },
      ...{ honours: [], lacks: [], embedders: [], mayProbe: false, slots: 4 },
    },
    { log, signal: new AbortController().signal },
  );
  const { instanceId } = await api.addWorker({ backend });
  ends.push(() => backend.close());
  const before = crypto.randomUUID();
  const told = async (headers: Record<string, string>) => {
    await ask({ model: "stand-in" }, headers);
    return upstream.asked.at(-1)?.headers[VIA_HEADER];
  };
  expect(await told({})).toBe(instanceId);
  expect(await told({ [VIA_HEADER]: before })).toBe(`${before},${instanceId}`);
  expect(await told({ [VIA_HEADER]: "1.1 proxy" })).toBe(instanceId);
});
