import type { Registry } from "prom-client";
import { isAppError } from "@/lib/errors";
import { DRAIN_MS_MAX, HEARTBEAT_TIMEOUT_MS } from "@/lib/limits";
import { type Controller, Heartbeat } from "@/lib/protocol/heartbeat";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import type { Backend } from "./backend";
import { WorkerServer } from "./server";

/** The life of a worker: load → register → serve → drain → leave. */

export type WorkerOptions = {
  name: string;
  version: string;
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Base URL under which the web reaches this worker; absent: host and port. */
  announce?: string | undefined;
  secret: string;
  controller: Controller;
  createBackend: () => Promise<Backend>;
  registry: Registry;
  log: Log;
  onListening?: (address: string) => void;
  onRegistered?: (workerId: string) => void;
  /** Time, for tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  drainMsMax?: number;
};

/**
 * Lives until `signal` aborts, and resolves when the last answer is out and the controller told.
 *
 * @throws StartError when it cannot begin until a person changes something.
 */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { secret, registry, log, host } = options;
  const server = new WorkerServer({ secret, registry, log });
  const port = await listen(server, options);
  const address = options.announce ?? toAddress(host, port);
  log.info({ address }, "listening, loading the models");
  options.onListening?.(address);
  try {
    const backend = await untilAborted(options.createBackend(), signal);
    if (!backend) return;
    try {
      await serve({ ...options, server, backend, address }, signal);
    } finally {
      await backend.close();
    }
  } finally {
    await server.close();
    log.info("stopped");
  }
}

type Serving = WorkerOptions & { server: WorkerServer; backend: Backend; address: string };

async function serve(serving: Serving, signal: AbortSignal): Promise<void> {
  const { server, backend, address, name, version, log, controller, onRegistered } = serving;
  const card = server.serve(backend, { name, version });
  log.info({ models: card.models.map((model) => model.name), slots: card.slots }, "ready");
  const heartbeat = new Heartbeat({
    controller,
    registration: () => ({ instanceId: server.instanceId, address, card }),
    load: () => server.load(),
    log,
    ...(onRegistered ? { onRegistered } : {}),
    ...(serving.wait ? { wait: serving.wait } : {}),
  });
  const beating = new AbortController();
  const beats = heartbeat.run(beating.signal);
  try {
    // Beats end by themselves only with an error.
    await untilAborted(beats, signal);
    log.info("draining");
    const drained = server.drain(AbortSignal.timeout(serving.drainMsMax ?? DRAIN_MS_MAX));
    // The web hears at once that nothing new should come; beats go on while answers finish.
    heartbeat.nudge();
    await drained;
  } finally {
    beating.abort();
    // Its failure, if any, is what ended the wait above.
    await beats.catch(() => undefined);
  }
  await leave(heartbeat, log);
}

/** Good-bye is a courtesy: without it the controller misses two beats and comes to the same. */
async function leave(heartbeat: Heartbeat, log: Log): Promise<void> {
  try {
    await heartbeat.leave(AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS));
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.warn({ code: error.code, reason: error.message }, "left without good-bye");
  }
}

/** Resolves with what `work` gives, or with undefined as soon as the signal aborts. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

async function listen(server: WorkerServer, { host, port }: WorkerOptions): Promise<number> {
  try {
    return await server.listen(port, host);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EADDRINUSE") {
      throw new StartError({
        message: `Port ${port} on ${host} is taken.`,
        remedy: "Choose another with --port, or 0 for any free one.",
        cause,
      });
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new StartError({
        message: `This process cannot listen on ${host}:${port} (${code}).`,
        remedy: "Choose an address of this machine with --host and a port above 1023 with --port.",
        cause,
      });
    }
    throw cause;
  }
}

function toAddress(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
