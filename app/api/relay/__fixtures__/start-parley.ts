import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { envSchema } from "@/lib/env";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { Heartbeat } from "@/lib/protocol/heartbeat";
import { log } from "@/lib/telemetry/log";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, TEST_SECRET, type TestWorker } from "@/worker/server-testing";

const ROOT = resolve(import.meta.dirname, "../../../..");
const silent = log.child({}, { level: "silent" });

/** A web process of its own with a database of its own, as another installation would be. */
export type Parley = {
  url: string;
  database: TestDatabase;
  /** What it has printed. */
  output(): string;
  start(): Promise<void>;
  /** Ends the process and leaves the database. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  close(): Promise<void>;
};

export type ParleyOptions = {
  /** The Parley at which this one is a worker; it need not be there yet. */
  parent?: Pick<Parley, "url">;
  port?: number;
  /** Of another process of the same installation. */
  database?: TestDatabase;
  variables?: Record<string, string>;
};

/** Packages stay where they are, above the bundle; each test file has its own, and leaves none. */
const FOLDER = join(ROOT, "node_modules/.cache/parley");
const PROGRAM = join(FOLDER, `parley-process-${process.pid}.mjs`);
afterAll(() => rmSync(PROGRAM, { force: true }));

/** Built once for all that one test file starts. */
export async function bundleParley(): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  await build({
    ...{ absWorkingDir: ROOT, entryPoints: [join(import.meta.dirname, "parley-process.ts")], outfile: PROGRAM },
    ...{ bundle: true, platform: "node", format: "esm", target: "node20", packages: "external" },
    ...{ tsconfig: "tsconfig.json", jsx: "automatic", logLevel: "warning" },
  });
  return PROGRAM;
}

export async function startParley(program: string, options: ParleyOptions = {}): Promise<Parley> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const database = options.database ?? (await createTestDatabase());
  const unset = Object.fromEntries(Object.keys(envSchema.shape).map((name) => [name, ""]));
  const env = {
    ...{ ...process.env, ...unset, PARLEY_CONFIG: "none", LOG_LEVEL: "info" },
    ...{ PORT: String(port), DATABASE_URL: database.url, PARLEY_SECRET: TEST_SECRET },
    ...{ PARLEY_WORKER_SECRET: TEST_SECRET, PARLEY_HEARTBEAT_INTERVAL_MS: "300" },
    PARLEY_WORKER_STALE_AFTER_MS: "1500",
    ...(options.parent && {
      PARLEY_PARENT_URL: options.parent.url,
      PARLEY_PARENT_SECRET: TEST_SECRET,
      PARLEY_PARENT_ADDRESS: url,
    }),
    ...options.variables,
  };
  let child: ChildProcess | undefined;
  let output = "";
  const parley: Parley = {
    ...{ url, database, output: () => output },
    async start() {
      const born = fork(program, [], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
      child = born;
      for (const stream of [born.stdout, born.stderr]) {
        stream?.setEncoding("utf8").on("data", (text: string) => {
          output += text;
        });
      }
      await new Promise<void>((settle, fail) => {
        born.once("message", () => settle());
        born.once("exit", (code) => fail(new Error(`It ended with ${code}:\n${output}`)));
      });
    },
    async kill(signal = "SIGKILL") {
      const dying = child;
      if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
      const exited = new Promise((settle) => dying.once("exit", settle));
      dying.kill("SIGCONT");
      dying.kill(signal);
      await exited;
    },
    signal: (signal) => void child?.kill(signal),
    async close() {
      await parley.kill();
      if (options.database === undefined) await database.drop();
    },
  };
  await parley.start();
  return parley;
}

export type JoinedWorker = TestWorker & {
  /** As if its process had been killed. */
  die(): Promise<void>;
};

/** A worker of the test's process that registers and beats as the worker program does. */
export async function joinWorker(
  { url }: Pick<Parley, "url">,
  options: { models: string[]; slots?: number; tokenMs?: number },
): Promise<JoinedWorker> {
  const { models, slots = 4, tokenMs = 1 } = options;
  let worker: JoinedWorker | undefined;
  const backend = createMockBackend({ models, slots, tokenMs, die: () => void worker?.die() });
  const served = await startTestWorker({ backend });
  const controller = new ControllerClient({ url, secret: TEST_SECRET });
  const card = { ...backend.card(), name: "test", version: "0.0.0", waitingMax: 64 };
  const beating = new AbortController();
  await new Promise<void>((settle, fail) => {
    const heartbeat = new Heartbeat({
      ...{ controller, log: silent, load: () => served.server.load() },
      registration: () => ({ instanceId: served.server.instanceId, address: served.address, card }),
      onRegistered: () => settle(),
    });
    heartbeat.run(beating.signal).catch(fail);
  });
  const die = async () => {
    beating.abort();
    await served.close();
    await controller.close();
  };
  worker = { ...served, die, close: die };
  return worker;
}

/** Free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((settle) => probe.listen(0, "127.0.0.1", settle));
  const address = probe.address();
  await new Promise((settle) => probe.close(settle));
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}

