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
import * as answersRoute from "@/app/api/conversations/[id]/answers/route";
import * as conversationRoute from "@/app/api/conversations/[id]/route";
import * as stopRoute from "@/app/api/conversations/[id]/stop/route";
import * as streamRoute from "@/app/api/conversations/[id]/stream/route";
import * as conversationsRoute from "@/app/api/conversations/route";
import * as heartbeatRoute from "@/app/api/workers/[id]/heartbeat/route";
import * as leaveRoute from "@/app/api/workers/[id]/route";
import * as workersRoute from "@/app/api/workers/route";
import { controller } from "@/lib/controller/controller";
import { createFront } from "@/lib/http/front";
import {
  type ConversationEvent,
  type ConversationView,
  conversationEventSchema,
  conversationViewSchema,
} from "@/lib/protocol/conversation-view";
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
    "/api/conversations": conversationsRoute,
    "/api/conversations/[id]": conversationRoute,
    "/api/conversations/[id]/answers": answersRoute,
    "/api/conversations/[id]/stop": stopRoute,
    "/api/conversations/[id]/stream": streamRoute,
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

type Asking = { cookie?: string; signal?: AbortSignal };

async function post(path: string, body: unknown, options: Asking = {}) {
  const { cookie, signal } = options;
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(cookie && { cookie }) },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  expect(response.status).toBe(200);
  return {
    cookie: response.headers.get("set-cookie")?.split(";")[0] ?? cookie ?? "",
    events: () => readEvents(response),
  };
}

async function* readEvents(response: Response): AsyncGenerator<ConversationEvent> {
  const chunks = response.body as unknown as AsyncIterable<Uint8Array>;
  for await (const line of readJsonLines(chunks, 1e6)) yield conversationEventSchema.parse(line);
}

const answersOf = ({ messages }: ConversationView) =>
  messages.flatMap((it) => (it.role === "assistant" ? [it] : []));

async function readView(id: string, cookie: string): Promise<ConversationView> {
  const response = await fetch(`${url}/api/conversations/${id}`, { headers: { cookie } });
  return conversationViewSchema.parse(await response.json());
}

const compare = (a: string, b: string) => ({
  ...{ kind: "compare", prompt: "one two three", models: { a, b } },
});

test("a worker process that is killed fails its side alone, which another one answers", async () => {
  await startWorker("mock/echo");
  const slow = await startWorker("mock/slow");
  const pair = await post("/api/conversations", compare("mock/echo", "mock/slow"));
  let [id, promptId] = ["", ""];
  const ends: { id: string; status: string; content: string }[] = [];
  for await (const event of pair.events()) {
    if (event.type === "turn-start") [id, promptId] = [event.conversationId, event.prompt.id];
    if (event.type === "text-delta" && event.text.startsWith("1")) slow.kill("SIGKILL");
    if (event.type === "answer-end") ends.push(event.answer);
  }
  expect(ends.map((it) => it.status).sort()).toEqual(["complete", "failed"]);
  const failed = ends.find((it) => it.status === "failed")!;
  expect(failed.content).toMatch(/^1/);
  const kept = answersOf(await readView(id, pair.cookie));
  expect(kept.find((it) => it.id === failed.id)).toMatchObject(failed);

  await startWorker("mock/slow");
  const again = { promptId, answerId: failed.id };
  const retry = await post(`/api/conversations/${id}/answers`, again, { cookie: pair.cookie });
  for await (const event of retry.events()) {
    if (event.type !== "text-delta") continue;
    await stop(id, pair.cookie);
    break;
  }
  const answers = answersOf(await readView(id, pair.cookie));
  expect(answers.map((it) => it.status).sort()).toEqual(["complete", "failed", "stopped"]);
  expect(answers.every((it) => it.content !== "")).toBe(true);
});

async function stop(id: string, cookie: string): Promise<void> {
  const response = await fetch(`${url}/api/conversations/${id}/stop`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: "{}",
  });
  expect(response.status).toBe(204);
}

test("a browser that hangs up stops nothing: another one reads on where it was, and stops it", async () => {
  const left = new AbortController();
  const asked = { kind: "chat", prompt: "count", model: "mock/slow" };
  const chat = await post("/api/conversations", asked, { signal: left.signal });
  let id = "";
  await expect(async () => {
    for await (const event of chat.events()) {
      if (event.type === "turn-start") id = event.conversationId;
      if (event.type === "text-delta") left.abort();
    }
  }).rejects.toThrow("abort");
  const { cookie } = chat;
  const stream = () => fetch(`${url}/api/conversations/${id}/stream`, { headers: { cookie } });
  let [text, end] = ["", ""];
  for await (const event of readEvents(await stream())) {
    if (event.type === "turn-start") text = event.answers[0]!.content;
    if (event.type === "text-delta") text += event.text;
    if (event.type === "answer-end") end = `${event.answer.status} ${event.answer.content}`;
    if (/ 3$/.test(text) && end === "") void stop(id, cookie);
  }
  expect(text).toMatch(/^1 2 3/);
  expect(end).toBe(`stopped ${text}`);
  expect((await stream()).status).toBe(204);
  expect(controller().inFlight()).toBe(0);
});
