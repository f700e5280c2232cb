/**
 * Goal: the module that docs/how-to/write-your-own-backend.md shows is a worker like any other.
 * Method: its text is taken out of the page and run: in this process through both suites, and by the worker's
 * program, before a stand-in for the server that it speaks to.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { textMessage } from "@/lib/protocol/message";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { startOllamaServer } from "@/lib/stand-ins/ollama-server";
import { requestLog } from "@/lib/telemetry/log";
import { backendContract } from "../backend-contract";
import { backendFaults } from "../backend-faults";
import { TEST_SECRET, testRequest } from "../server-testing";
import { createCustomBackend } from "./custom";
import { loadModule } from "./custom/load-module";

const PAGE = readFileSync("docs/how-to/write-your-own-backend.md", "utf8");
const EXAMPLE = /^```js\n(\/\/ ollama-backend\.mjs\n.*?)^```$/ms.exec(PAGE)?.[1] ?? "";
const LINES_MAX = 60;
const MODEL = "stand-in:latest";

const folder = mkdtempSync(join(tmpdir(), "parley-module-"));
const path = join(folder, "ollama-backend.mjs");
writeFileSync(path, EXAMPLE);
const undo: (() => unknown)[] = [];
afterAll(async () => {
  for (const step of undo.reverse()) await step();
  rmSync(folder, { recursive: true });
});
const never = new AbortController().signal;

async function start({ tokenMs = 0, silenceMs = 30_000 } = {}) {
  const server = await startOllamaServer({ eventMs: tokenMs });
  const options = { server: server.url, context: "2048" };
  const module = await loadModule({ path, options, signal: never, log: requestLog });
  const settings = { module, options, slots: 3, log: requestLog, silenceMsMax: silenceMs };
  return { server, backend: createCustomBackend(settings), model: MODEL, close: server.close };
}

test("the example is short", () => {
  expect(EXAMPLE.split("\n").length).toBeGreaterThan(20);
  expect(EXAMPLE.trimEnd().split("\n").length).toBeLessThanOrEqual(LINES_MAX);
});

backendContract("the how-to's module", () => start());

backendFaults("the how-to's module", {
  start: async (pace) => {
    const { server, ...subject } = await start(pace);
    const answers = () => server.asked.filter((it) => it.path === "/api/chat");
    return {
      ...{ ...subject, setFault: server.setFault, askedCount: () => answers().length },
      closedEarly: async () => (await answers().at(-1)?.closedEarly) ?? false,
      hidden: ["sk-stand-in", new URL(server.url).host],
    };
  },
});

test("what is asked reaches the server in its own words, and no more of it", async () => {
  const { server, backend, close } = await start();
  const schema = { type: "object", properties: { city: { type: "string" } } };
  let text = "";
  const request = testRequest(MODEL, {
    ...{ sampling: { temperature: 0.5, topK: 7, minP: 0.1, seed: 9 }, maxTokens: 30 },
    ...{ messages: [textMessage("system", "Be brief."), textMessage("user", "Where?")] },
    grammar: { type: "json-schema", schema },
  });
  for await (const event of backend.generate(request, never)) {
    if (event.type === "text-delta") text += event.text;
  }
  expect(JSON.parse(text)).toEqual({ city: "lantern" });
  expect(server.asked.at(-1)?.body).toEqual({
    ...{ model: MODEL, format: schema },
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Where?" },
    ],
    options: { temperature: 0.5, top_k: 7, min_p: 0.1, seed: 9, num_predict: 30, num_ctx: 2_048 },
  });
  await backend.close();
  await close();
});

/** Takes everyone: a worker serves whether or not it is known. */
async function startController(): Promise<string> {
  const reply = { workerId: "0198f3a0-0000-7000-8000-000000000000", heartbeatIntervalMs: 5_000 };
  const server = createServer((_, response) => void response.end(JSON.stringify(reply)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an AddressInfo.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("the worker's program runs it by its file's name", async () => {
  const ollama = await startOllamaServer();
  const client = new WorkerClient();
  undo.push(ollama.close, () => client.close());
  const words = ["--backend", "./ollama-backend.mjs", "--option", `server=${ollama.url}`];
  const program = join(process.cwd(), "dist/worker.mjs");
  const child = fork(program, [...words, "--controller", await startController()], {
    cwd: folder,
    env: { ...process.env, PARLEY_WORKER_SECRET: TEST_SECRET },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  undo.push(() => void child.kill("SIGKILL"));
  let address = "";
  for (;;) {
    const [message] = (await once(child, "message")) as [{ type: string; address?: string }];
    if (message.type === "listening") address = message.address ?? "";
    if (message.type === "registered") break;
  }
  const call = { secret: TEST_SECRET, signal: never };
  const request = testRequest(MODEL, { sampling: { temperature: 0 }, maxTokens: 12 });
  const told: string[] = [];
  for await (const event of await client.generate(address, request, call)) {
    if (event.type === "text-delta") told.push(event.text);
    if (event.type === "generation-end") expect(event.usage.completionTokens).toBe(12);
  }
  expect(told).toHaveLength(12);
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  expect((await exited)[0]).toBe(0);
});
