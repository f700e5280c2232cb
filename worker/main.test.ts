/**
 * Goal: the program as the launcher and a terminal meet it.
 * Method: the bundle as a process of its own, and a controller in this one.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { TEST_SECRET, testRequest } from "./server-testing";

const PROGRAM = "dist/worker.mjs";
const WORKER_ID = "0198f3a0-0000-7000-8000-000000000000";
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const environment = (secret: string | undefined) => ({
  ...process.env,
  LOG_LEVEL: "info",
  PARLEY_WORKER_SECRET: secret,
});

/** Notes every call; accepts all. */
async function withController() {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.end(JSON.stringify({ workerId: WORKER_ID, heartbeatIntervalMs: 5_000 }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

type Message = { type: string; address?: string };

/** A worker forked as the launcher forks it, once it has registered. */
async function forkWorker(
  controllerUrl: string,
): Promise<{ child: ChildProcess; address: string }> {
  const words = ["--kind", "mock", "--controller", controllerUrl];
  const child = fork(PROGRAM, words, {
    env: environment(TEST_SECRET),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  closers.push(() => void child.kill("SIGKILL"));
  let address = "";
  for (;;) {
    const [message] = (await once(child, "message")) as [Message];
    if (message.type === "listening") address = message.address ?? "";
    if (message.type === "registered") return { child, address };
  }
}

const LEAVE = new RegExp(`^DELETE /api/workers/${WORKER_ID}\\?instanceId=[0-9a-f-]{36}$`);

/** Runs to the end; stderr and exit code. */
async function run(words: string[], secret: string | undefined = TEST_SECRET) {
  const child = spawn(process.execPath, [PROGRAM, ...words], { env: environment(secret) });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, "close");
  return { code, text };
}

describe("the worker program", () => {
  test("SIGTERM lets the answer finish, says good-bye and ends with 0", async () => {
    const { calls, url } = await withController();
    const { child, address } = await forkWorker(url);
    const client = new WorkerClient();
    closers.push(() => client.close());
    const call = { secret: TEST_SECRET, signal: new AbortController().signal };
    const events = await client.generate(
      address,
      testRequest("mock/long", { maxTokens: 20 }),
      call,
    );
    await events.next();
    // Left to the parent, as Ctrl-C reaches the whole process group.
    child.kill("SIGINT");
    child.kill("SIGTERM");
    const types: string[] = [];
    for await (const event of events) types.push(event.type);
    expect(types.at(-1)).toBe("generation-end");
    expect((await once(child, "exit"))[0]).toBe(0);
    expect(calls[0]).toBe("POST /api/workers");
    expect(calls.at(-1)).toMatch(LEAVE);
    expect(calls).toContain(`POST /api/workers/${WORKER_ID}/heartbeat`);
  });

  test("it leaves when its parent is gone", async () => {
    const { calls, url } = await withController();
    const { child } = await forkWorker(url);
    const exited = once(child, "exit");
    child.disconnect();
    expect((await exited)[0]).toBe(0);
    expect(calls.at(-1)).toMatch(LEAVE);
  });

  test.each([
    [["--model", "/no/such/folder"], TEST_SECRET, "There is no folder /no/such/folder"],
    [["--kind", "mock"], "", "PARLEY_WORKER_TOKEN is set"],
    [["--kind", "mock"], "short", "PARLEY_WORKER_SECRET"],
  ])(
    "%j with secret %j ends with one line and the code for a person",
    async (words, secret, line) => {
      const { code, text } = await run(words, secret);
      expect(code).toBe(78);
      expect(text).toContain(line);
      expect(text.trim().split("\n")).toHaveLength(1);
    },
  );
});
