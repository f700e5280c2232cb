/**
 * Goal: from a key that a keeper enters to an answer, and to the keeper's page when the provider refuses it.
 * Method: the handlers over HTTP on a real database, a worker's backend that fetches its models from there, and
 * a server that speaks the provider's wire.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
});

import { type ApiServer, startApiServer } from "@/app/v1/__fixtures__/api-server";
import { openAdminSession } from "@/lib/auth/admin-session";
import { paths } from "@/lib/paths";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { providersViewSchema } from "@/lib/protocol/providers-view";
import { startAnthropicServer } from "@/lib/stand-ins/anthropic-server";
import type { StandIn } from "@/lib/stand-ins/stand-in-server";
import { log } from "@/lib/telemetry/log";
import type { Backend } from "@/worker/backend";
import { createExternalBackend } from "@/worker/backends/external";
import { PlatformSource } from "@/worker/backends/external/platform-source";

const UPSTREAM = "claude-sonnet-4-5";
const KEY = "sk-ant-quixotic-marmalade";

let api: ApiServer;
let provider: StandIn;
let backend: Backend;
let cookie: string;
const ending = new AbortController();
beforeAll(async () => {
  api = await startApiServer();
  provider = await startAnthropicServer({ models: [UPSTREAM], key: KEY });
  cookie = openAdminSession("admin-token-of-the-tests", "here").split(";")[0] ?? "";
  const client = new ControllerClient({ url: api.url, secret: "a secret of the tests" });
  backend = await createExternalBackend({
    source: new PlatformSource({ client, signal: ending.signal, log, intervalMs: 20 }),
    ...{ only: [], slots: 4, log },
  });
});
afterAll(async () => {
  ending.abort();
  await backend.close();
  await provider.close();
  await api.close();
});

async function send(path: string, method: string, body?: unknown) {
  const headers = { cookie, ...(body !== undefined && { "content-type": "application/json" }) };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const reply = await fetch(`${api.url}${path}`, init);
  if (!reply.ok) throw new Error(await reply.text());
  return reply.json();
}
const view = async () => providersViewSchema.parse(await send(paths.api.adminProviders, "GET"));

test("an entered key answers, a refused one is told, and a replaced one answers again", async () => {
  let changes = 0;
  backend.watchCard?.(() => {
    changes += 1;
  });
  const wrong = { name: "house", provider: "anthropic", credentials: { key: "sk-ant-wrong" } };
  const { keys } = providersViewSchema.parse(
    await send(paths.api.adminProviderKeys, "POST", wrong),
  );
  const keyId = keys[0]?.id ?? "";
  const baseUrl = `${provider.url}/v1`;
  const entry = { name: "lantern", provider: "anthropic", model: UPSTREAM, baseUrl };
  await send(paths.api.adminExternalModels, "POST", { entry, keyId });
  await expect.poll(() => changes).toBe(1);
  const worker = await api.addWorker({ backend });
  const [model] = (await view()).models;
  expect(model?.state).toBe("offered");

  const trial = () => send(paths.api.adminExternalTry(model?.id ?? ""), "POST");
  // Callers hear nothing of what is between the platform and a provider; keepers do, below.
  await expect(trial()).rejects.toThrow(/Try again/);
  const stateOf = async () => (await view()).models[0];
  await expect.poll(async () => (await stateOf())?.state).toBe("refused");
  expect((await stateOf())?.problem).toMatch(/refuses the key \(status 401\)/);

  await send(paths.api.adminProviderKey(keyId), "PATCH", { credentials: { key: KEY } });
  expect((await stateOf())?.state).toBe("offered");
  await expect
    .poll(() => trial().catch(() => undefined))
    .toMatchObject({
      text: expect.stringMatching(/\w/),
    });
  expect(provider.asked.at(-1)?.headers["x-api-key"]).toBe(KEY);
  expect(JSON.stringify(await view())).not.toContain("marmalade");
  await worker.close();
});
