/**
 * Goal: a launched server is there while its worker is, comes back when it dies, and is never left behind.
 * Method: a program that speaks vLLM's wire in its place, started, killed and watched as real processes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { log as realLog } from "@/lib/telemetry/log";
import { isAlive } from "@/lib/util/is-alive";
import { createVllmBackend } from "../vllm";
import { ServerLog } from "./server-log";

const log = realLog.child({}, { level: "silent" });
const folder = mkdtempSync(join(tmpdir(), "launched-"));
const fixture = (name: string) => fileURLToPath(new URL(`__fixtures__/${name}`, import.meta.url));
const COMMAND = [
  process.execPath,
  "--import",
  "tsx",
  fixture("stand-in-vllm.ts"),
  "serve",
  "org/m",
];
const never = new AbortController().signal;

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function until<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

let files = 0;
const newLogFile = () => join(folder, `${++files}`, "vllm.log");

/** Process ids of the servers that a log tells of, in their order. */
function pidsIn(file: string): number[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return [...text.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
}

const untilGone = (pid: number) => until(() => (isAlive(pid) ? undefined : true));

test("it serves, comes back after its death, and goes with the worker", async () => {
  const logFile = newLogFile();
  const launch = {
    ...{ command: COMMAND, logFile, apiKey: () => "sk-of-the-engine", stopMsMax: 5_000 },
    pause: { firstMs: 10, longestMs: 20 },
  };
  const headers = () => ({ authorization: "Bearer sk-of-the-engine" });
  const rest = { models: [], honours: [], lacks: [], watchIntervalMs: 20 };
  const backend = await createVllmBackend(
    { server: { launch }, headers, ...rest },
    { log, signal: never },
  );
  ends.push(() => backend.close());
  const names = () =>
    backend
      .card()
      .models.map(({ name }) => name)
      .join();
  // It loads for as long as it needs, and until then the card is one without models.
  expect(names()).toBe("");
  await until(() => (names() === "org/m" ? true : undefined));

  const [first = 0] = pidsIn(logFile);
  process.kill(first, "SIGKILL");
  await until(() => (names() === "" ? true : undefined));
  await until(() => (names() === "org/m" ? true : undefined));
  const [, second = 0] = pidsIn(logFile);
  expect(second).not.toBe(first);
  // What lets workers in is nobody else's.
  expect(readFileSync(logFile, "utf8")).toMatch(/secrets: $/m);

  await backend.close();
  expect(isAlive(second)).toBe(false);
}, 60_000);

test.each([
  { how: "SIGKILL", words: [] },
  { how: "SIGKILL", words: ["--ignore-sigterm"] },
] as const)(
  "a worker that is killed by $how leaves no server behind: $words",
  async ({ how, words }) => {
    const logFile = newLogFile();
    const worker: ChildProcess = spawn(
      process.execPath,
      ["--import", "tsx", fixture("launch-and-wait.ts"), logFile, ...COMMAND, ...words],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    ends.push(() => void worker.kill("SIGKILL"));
    const pid = await until(() => pidsIn(logFile)[0]);
    worker.kill(how);
    await untilGone(pid);
  },
  60_000,
);

test("a command that is not there keeps the worker from starting", async () => {
  const launch = {
    command: ["no-such-vllm", "serve"],
    logFile: newLogFile(),
    apiKey: () => undefined,
  };
  const rest = { headers: () => ({}), models: [], honours: [], lacks: [] };
  const starting = createVllmBackend({ server: { launch }, ...rest }, { log, signal: never });
  await expect(starting).rejects.toMatchObject({
    name: "StartError",
    message: expect.stringContaining("no-such-vllm cannot be started (ENOENT)"),
  });
});

test("a log is put aside when it is full, once, and tells its last lines", () => {
  const file = newLogFile();
  const kept = new ServerLog(file, { log, bytesMax: 20 });
  for (let line = 0; line < 9; line++) kept.write(`line ${line} of it\n`);
  kept.write("half a l");
  expect(readFileSync(`${file}.1`, "utf8")).toBe("line 6 of it\nline 7 of it\n");
  expect(readFileSync(file, "utf8")).toBe("line 8 of it\nhalf a l");
  expect(kept.takeLastLines().slice(-2)).toEqual(["line 8 of it", "half a l"]);
  expect(kept.takeLastLines()).toEqual([]);
});

test("a log that cannot be kept costs the server nothing", () => {
  const file = newLogFile();
  new ServerLog(file, { log }).write("x\n");
  writeFileSync(join(folder, "file"), "");
  const kept = new ServerLog(join(folder, "file", "vllm.log"), { log });
  kept.write("said\n");
  expect(kept.takeLastLines()).toEqual(["said"]);
});
