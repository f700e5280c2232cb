import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ControllerClient } from "./controller-client";
import type { RegisterBody } from "./registration";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const never = new AbortController().signal;
const SECRET = "a secret of the tests";
const WORKER_ID = "0198f3a0-0000-7000-8000-000000000000";
const LOAD = {
  state: "ready" as const,
  running: 0,
  waiting: 0,
  counters: { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 },
};
const BODY: RegisterBody = {
  instanceId: "8f7f2f37-9f0c-4df1-8a0f-3b1f2f3c4d5e",
  address: "http://127.0.0.1:9000",
  card: { kind: "mock", name: "w", version: "0", slots: 1, waitingMax: 1, models: [] },
  load: LOAD,
};

async function withController(listener: RequestListener, base = "") {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return withClient(`http://127.0.0.1:${port}${base}`);
}

function withClient(url: string, callMsMax = 2_000): ControllerClient {
  const client = new ControllerClient({ url, secret: SECRET, callMsMax });
  closers.push(() => client.close());
  return client;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
}

describe("controller client", () => {
  test("sends what is agreed where it is agreed, with the secret", async () => {
    const seen: unknown[] = [];
    const client = await withController(async (request, response) => {
      const { method, url, headers } = request;
      seen.push([method, url, headers.authorization, await bodyOf(request)]);
      if (method === "DELETE") response.writeHead(204).end();
      else response.end(JSON.stringify({ workerId: WORKER_ID, heartbeatIntervalMs: 5_000 }));
    }, "/below/");
    expect(await client.register(BODY, never)).toEqual({
      workerId: WORKER_ID,
      heartbeatIntervalMs: 5_000,
    });
    const beat = { instanceId: BODY.instanceId, load: LOAD };
    expect(await client.heartbeat(WORKER_ID, beat, never)).toEqual({ heartbeatIntervalMs: 5_000 });
    await client.leave(WORKER_ID, BODY.instanceId, never);
    const bearer = `Bearer ${SECRET}`;
    expect(seen).toEqual([
      ["POST", "/below/api/workers", bearer, BODY],
      ["POST", `/below/api/workers/${WORKER_ID}/heartbeat`, bearer, beat],
      [
        "DELETE",
        `/below/api/workers/${WORKER_ID}?instanceId=${BODY.instanceId}`,
        bearer,
        undefined,
      ],
    ]);
  });

  test.each(["not-found", "unauthenticated", "invalid-request"])(
    "a refusal keeps its code: %s",
    async (code) => {
      const error = { code, message: "no", param: "card", requestId: "r" };
      const client = await withController((_request, response) =>
        response.writeHead(404).end(JSON.stringify({ error })),
      );
      await expect(client.register(BODY, never)).rejects.toMatchObject({
        code,
        message: "no",
        param: "card",
      });
    },
  );

  test.each([
    ["a page that is not found", 404, "<html></html>"],
    ["JSON of another kind", 500, '{"error":"sorry"}'],
    ["a reply without its fields", 200, "{}"],
    ["a reply that is no JSON", 200, "fine"],
  ])("%s is not taken for a controller's word", async (_name, status, body) => {
    const client = await withController((_request, response) =>
      response.writeHead(status).end(body),
    );
    await expect(client.register(BODY, never)).rejects.toMatchObject({ code: "upstream-invalid" });
  });

  test("nobody there", async () => {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const run = withClient(`http://127.0.0.1:${port}`).register(BODY, never);
    await expect(run).rejects.toMatchObject({
      code: "upstream-invalid",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("silence ends with the limit, an abort at once", async () => {
    const client = await withController(() => undefined);
    const hasty = withClient(client.url, 30);
    await expect(hasty.register(BODY, never)).rejects.toMatchObject({ code: "timeout" });
    const abort = new AbortController();
    const run = client.register(BODY, abort.signal);
    abort.abort();
    await expect(run).rejects.toMatchObject({ code: "client-closed" });
  });
});
