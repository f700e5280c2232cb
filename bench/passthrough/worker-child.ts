import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ROOT } from "../root";
import type { WorkerStart } from "./ways";

/** Who workers register with: a platform, or nobody who would send them anything. */
export type Controller = { url: string; secret: string; close(): Promise<void> };

export type WorkerChild = { port: number; pid: number; stop(): Promise<void> };

/** A start that hangs is one that failed. */
const START_MS_MAX = 60_000;

/** Our worker's own program; resolves when it has registered what it serves. */
export async function startWorkerChild(
  { words, env }: WorkerStart,
  { controller, profileFolder }: { controller: Controller; profileFolder?: string | undefined },
): Promise<WorkerChild> {
  const profile = profileFolder && ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  const child = fork(
    join(ROOT, "dist/worker.mjs"),
    [...words, "--controller", controller.url, "--slots", "256"],
    {
      execArgv: profile || [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // A developer's own settings are none of this worker's.
      env: {
        ...env,
        ...{ PATH: "", NODE_ENV: "production" },
        PARLEY_CONFIG: "none",
        PARLEY_WORKER_SECRET: controller.secret,
      },
    },
  );
  try {
    const port = await whenRegistered(child);
    // Set as soon as a process has been spawned, and this one has spoken.
    return { port, pid: child.pid as number, stop: () => stop(child) };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

function whenRegistered(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let address = "";
    const late = setTimeout(
      () => reject(new Error("A worker was not ready in time.")),
      START_MS_MAX,
    );
    child.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`A worker ended with ${code}.`));
    });
    child.on("message", (message: { type: string; address?: string }) => {
      if (message.type === "listening") address = message.address ?? "";
      if (message.type !== "registered") return;
      clearTimeout(late);
      resolve(Number(new URL(address).port));
    });
  });
}

/** By its own way out, on which it writes its profile. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS_MAX / 6);
  await exited;
  clearTimeout(late);
}

/** Takes everyone and asks nobody anything. */
export async function startBareController(): Promise<Controller> {
  const reply = { workerId: "0198f3a0-0000-7000-8000-000000000000", heartbeatIntervalMs: 5_000 };
  const server = createServer((_, response) => void response.end(JSON.stringify(reply)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, secret: "bench-worker-secret", close };
}
