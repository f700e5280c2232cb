/**
 * Goal: battles survive the processes around them.
 * Method: worker processes of their own, the routes behind the front that production has, real sockets.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as retryRoute from "@/app/api/battles/[id]/retry/route";
import * as battleRoute from "@/app/api/battles/[id]/route";
import * as battlesRoute from "@/app/api/battles/route";
import * as heartbeatRoute from "@/app/api/workers/[id]/heartbeat/route";
import * as leaveRoute from "@/app/api/workers/[id]/route";
import * as workersRoute from "@/app/api/workers/route";
import { controller } from "@/lib/controller/controller";
import { createFront } from "@/lib/http/front";
import { type BattleView, battleViewSchema, turnEventSchema } from "@/lib/protocol/arena-view";
import { readJsonLines } from "@/lib/util/json-lines";
import { TEST_SECRET } from "@/worker/server-testing";
import { createWorld, type World } from "./__fixtures__/world";

let world: World;
let server: Server;
let url: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  world = await createWorld();
  const front = createFront({
    "/api/battles": battlesRoute,
    "/api/battles/[id]": battleRoute,
    "/api/battles/[id]/retry": retryRoute,
    "/api/workers": workersRoute,
    "/api/workers/[id]": leaveRoute,
    "/api/workers/[id]/heartbeat": heartbeatRoute,
  });
  server = createServer((request, response) => {
    if (!front(request, response)) response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  server.closeAllConnections();
  server.close();
  await world.close();
});

/** A worker process that has registered. */
async function startWorker(model: string): Promise<ChildProcess> {
  const name = `worker ${children.length}`;
  const flags = ["--kind", "mock", "--model", model, "--controller", url, "--name", name];
  const child = spawn(process.execPath, [resolve("dist/worker.mjs"), ...flags], {
    env: { ...process.env, PARLEY_WORKER_SECRET: TEST_SECRET },
    stdio: "ignore",
  });
  children.push(child);
  for (;;) {
    const workers = await controller().listWorkers();
    if (workers.some((it) => it.name === name && it.state === "ready")) return child;
    if (child.exitCode !== null) throw new Error(`the worker left with ${child.exitCode}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function post(
  path: string,
  body: unknown,
  options: { cookie?: string; signal?: AbortSignal } = {},
) {
  const { cookie, signal } = options;
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(cookie && { cookie }) },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  expect(response.status).toBe(200);
  const chunks = response.body as unknown as AsyncIterable<Uint8Array>;
  return {
    cookie: response.headers.get("set-cookie")?.split(";")[0] ?? cookie ?? "",
    async *events() {
      for await (const line of readJsonLines(chunks, 1e6)) yield turnEventSchema.parse(line);
    },
  };
}

async function readView(id: string, cookie: string): Promise<BattleView> {
  const response = await fetch(`${url}/api/battles/${id}`, { headers: { cookie } });
  return battleViewSchema.parse(await response.json());
}

/** The battle once no answer of it is being written. */
async function readSettled(id: string, cookie: string): Promise<BattleView> {
  for (;;) {
    const view = await readView(id, cookie);
    if (view.messages.every((it) => it.role === "user" || it.status !== "streaming")) return view;
  }
}

test("a worker process that is killed fails its side alone, which another one answers", async () => {
  await startWorker("mock/echo");
  const slow = await startWorker("mock/slow");
  const battle = await post("/api/battles", { prompt: "one two three" });
  let id = "";
  const ends: { id: string; status: string; content: string }[] = [];
  for await (const event of battle.events()) {
    if (event.type === "turn-start") id = event.battleId ?? "";
    if (event.type === "text-delta" && event.text.startsWith("1")) slow.kill("SIGKILL");
    if (event.type === "answer-end") ends.push(event.answer);
  }
  expect(ends.map((it) => it.status).sort()).toEqual(["complete", "failed"]);
  const failed = ends.find((it) => it.status === "failed")!;
  expect(failed.content).toMatch(/^1/);
  const rows = await readView(id, battle.cookie);
  expect(rows.messages.find((it) => it.id === failed.id)).toMatchObject(failed);

  await startWorker("mock/slow");
  const left = new AbortController();
  const retry = await post(
    `/api/battles/${id}/retry`,
    { answerId: failed.id },
    { cookie: battle.cookie, signal: left.signal },
  );
  await expect(async () => {
    for await (const event of retry.events()) if (event.type === "text-delta") left.abort();
  }).rejects.toThrow("abort");
  const view = await readSettled(id, battle.cookie);
  const answers = view.messages.flatMap((it) => (it.role === "assistant" ? [it] : []));
  expect(answers.map((it) => it.status).sort()).toEqual(["complete", "stopped"]);
  expect(answers.every((it) => it.content !== "")).toBe(true);
});

test("a browser that hangs up stops both models", async () => {
  const left = new AbortController();
  const battle = await post("/api/battles", { prompt: "one two three" }, { signal: left.signal });
  let id = "";
  await expect(async () => {
    for await (const event of battle.events()) {
      if (event.type === "turn-start") id = event.battleId ?? "";
      if (event.type === "text-delta" && event.text.startsWith("1")) left.abort();
    }
  }).rejects.toThrow("abort");
  const view = await readSettled(id, battle.cookie);
  expect(view.messages.map((it) => (it.role === "user" ? it.role : it.status)).sort()).toEqual([
    ...["complete", "stopped", "user"],
  ]);
  expect(controller().inFlight()).toBe(0);
});
