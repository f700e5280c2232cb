/**
 * Goal: a worker whose engine dies tells its client and then ends, so that its supervisor starts a
 * fresh one.
 * Method: the real worker program, beside an engine's thread that dies in the middle of an answer.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { textMessage } from "@/lib/protocol/message";

const ROOT = join(import.meta.dirname, "../..");
const SECRET = "a secret of the test";
const undo: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/** The program's bundle with another thread beside it. */
async function installWorker(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-worker-"));
  undo.push(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "dist"));
  await cp(join(ROOT, "package.json"), join(folder, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await cp(join(ROOT, "dist/worker.mjs"), join(folder, "dist/worker.mjs"));
  const thread = join(import.meta.dirname, "__fixtures__/dying-thread.mjs");
  await cp(thread, join(folder, "dist/engine-thread.mjs"));
  return join(folder, "dist/worker.mjs");
}

/** A controller that takes everyone, since a worker serves whether or not it is known. */
async function startController(): Promise<string> {
  const reply = JSON.stringify({
    workerId: "00000000-0000-7000-8000-000000000000",
    heartbeatIntervalMs: 5_000,
  });
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json").end(reply);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  undo.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an AddressInfo.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The address, once the worker has registered; that is after it has loaded. */
async function whenRegistered(child: ChildProcess): Promise<string> {
  for (let address = ""; ; ) {
    const [message] = await once(child, "message");
    if (message.type === "listening") address = message.address;
    if (message.type === "registered") return address;
  }
}

test("a client of a dying engine hears worker-lost, and the process ends with 1", async () => {
  const program = await installWorker();
  const controller = await startController();
  const words = ["--model", join(ROOT, "models/pico-s"), "--controller", controller];
  const child = fork(program, words, {
    env: { ...process.env, PARLEY_WORKER_SECRET: SECRET },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  undo.push(async () => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const address = await whenRegistered(child);
  const response = await fetch(`${address}/generate`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({
      requestId: "death",
      model: "dying",
      messages: [textMessage("user", "Hello")],
      sampling: {},
      stop: [],
    }),
  });
  const lines = (await response.text()).trim().split("\n");
  const events = lines.map((line) => JSON.parse(line));
  // What a thread said last may be lost with it.
  expect(["generation-start", "generation-error"]).toContain(events[0].type);
  expect(events.at(-1)).toMatchObject({
    type: "generation-error",
    code: "worker-lost",
    retryable: true,
  });
  expect(await exited).toEqual([1, null]);
});
