import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { envSchema } from "@/lib/env";

/** A whole platform of a test's own: real database, web process, workers and bundled models. */
export type Platform = {
  url: string;
  adminToken: string;
  databaseUrl: string;
  dataDir: string;
  launcherPid: number;
  /** Process ids by name: "web", "database", "worker <model folder>". Read anew at each call. */
  children(): Record<string, number>;
  /** Everything the launcher has printed. */
  output(): string;
  stop(): Promise<void>;
};

const START_MS_MAX = 180_000;
/** The checkout. The bundle that a benchmark becomes lies one folder below it too. */
export const ROOT = resolve(import.meta.dirname, "..");

/** Starts one from the built tree, on a free port, with a data folder of its own that is removed when it stops. */
export async function startPlatform(
  variables: Record<string, string> = {},
  words: string[] = [],
): Promise<Platform> {
  const made = mkdtempSync(join(tmpdir(), "parley-e2e-"));
  const dataDir = variables.PARLEY_DATA_DIR ?? made;
  // A developer's own .env and environment stay out: an empty variable counts as not set.
  const unset = Object.fromEntries(Object.keys(envSchema.shape).map((name) => [name, ""]));
  const child = spawn(process.execPath, [join(ROOT, "scripts/start.mjs"), ...words], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...unset,
      PORT: String(await freePort()),
      PARLEY_DATA_DIR: dataDir,
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exited = new Promise<void>((settle) => child.once("close", () => settle()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
    rmSync(made, { recursive: true, force: true });
  };
  try {
    await untilReady(child, () => output, exited);
  } catch (error) {
    await stop();
    throw error;
  }
  const running = () => JSON.parse(readFileSync(join(dataDir, "running.json"), "utf8"));
  const { url, databaseUrl } = running();
  const { adminToken } = JSON.parse(readFileSync(join(dataDir, "secrets.json"), "utf8"));
  return {
    ...{ url, databaseUrl, adminToken, dataDir },
    // Set as soon as a process has been spawned, and it printed that it is ready.
    launcherPid: child.pid as number,
    children: () => running().children,
    output: () => output,
    stop,
  };
}

/**
 * Below the range from which the system draws ports for clients: a web process that a test kills has to
 * find its port free again, and one of thousands of connections would have taken it now and then.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((settle) => {
      probe.once("error", () => settle(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => settle(true)));
    });
    if (isFree) return port;
  }
}

async function untilReady(
  child: ChildProcess,
  output: () => string,
  exited: Promise<void>,
): Promise<void> {
  const ready = new Promise<"ready">((settle) => {
    child.stdout?.on("data", () => {
      if (output().includes("Ctrl-C stops everything")) settle("ready");
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((settle) => {
    timer = setTimeout(() => settle("late"), START_MS_MAX);
  });
  const outcome = await Promise.race([ready, exited, late]);
  clearTimeout(timer);
  if (outcome === "ready") return;
  throw new Error(`The platform ${outcome ? "was not ready in time" : "ended"}:\n${output()}`);
}

/** The platform that the whole run shares: e2e/global-setup.ts starts it. */
export function sharedPlatform(): Pick<
  Platform,
  "url" | "adminToken" | "databaseUrl" | "dataDir" | "launcherPid"
> {
  const text = process.env.E2E_PLATFORM;
  if (!text) throw new Error("No platform runs. Start the tests with `npm run e2e`.");
  return JSON.parse(text);
}

/** A worker of its own at a platform, beside those that the platform has started. */
export type OwnWorker = {
  address: string;
  /** Requests that run on it now. */
  running(): Promise<number>;
  /** The code that its process ended with, whoever ended it. */
  ended: Promise<number | null>;
  stop(): Promise<void>;
  /** As the machine's death would: no word to anybody. */
  kill(): Promise<void>;
};

/** A worker with sentinel models at the shared platform, for faults that the bundled models do not have. */
export async function startMockWorker(models: string[]): Promise<OwnWorker> {
  const words = ["--kind", "mock", ...models.flatMap((model) => ["--model", model])];
  return await startWorker(words, sharedPlatform());
}

/** A model is read from a disk that others use, too; without a limit a benchmark whose web process takes no worker waited for good. */
const REGISTERED_MS_MAX = 120_000;

/** Resolves when the platform has it on its list. */
export async function startWorker(
  words: readonly string[],
  { url, dataDir }: Pick<Platform, "url" | "dataDir">,
): Promise<OwnWorker> {
  const { workerSecret } = JSON.parse(readFileSync(join(dataDir, "secrets.json"), "utf8"));
  const child = spawn(process.execPath, [join(ROOT, "dist/worker.mjs"), ...words], {
    env: { ...process.env, PARLEY_CONTROLLER_URL: url, PARLEY_WORKER_SECRET: workerSecret },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = new Promise<number | null>((settle) => child.once("exit", settle));
  const address = await new Promise<string>((settle, fail) => {
    let listening = "";
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      fail(new Error(`The worker was not registered at ${url} after ${REGISTERED_MS_MAX} ms.`));
    }, REGISTERED_MS_MAX);
    void ended.then(() => clearTimeout(late));
    child.once("exit", (code) => fail(new Error(`The worker ended with ${code}.`)));
    child.on("message", (message: { type: string; address?: string }) => {
      if (message.type === "listening") listening = message.address ?? "";
      if (message.type !== "registered") return;
      clearTimeout(late);
      settle(listening);
    });
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    address,
    running: async () => {
      const reply = await fetch(`${address}/metrics`, {
        headers: { authorization: `Bearer ${workerSecret}` },
      });
      return Number(/^parley_worker_running (\d+)/m.exec(await reply.text())?.[1] ?? Number.NaN);
    },
    ended,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}
