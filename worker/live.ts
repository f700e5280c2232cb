import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import * as z from "zod";
import { env } from "@/lib/env";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { log, requestLog } from "@/lib/telemetry/log";
import { metrics } from "@/lib/telemetry/metrics";
import { startTracing } from "@/lib/telemetry/start-tracing";
import { StartError } from "@/lib/util/start-error";
import { untilNpxIsGone } from "@/lib/util/watch-parents";
import type { Flags } from "./flags";
import { untilTold } from "./signals";
import { runWorker } from "./worker";

/** What a worker is let in by: the secret that it shares with the web, a token of its own, or both. */
export type Secrets = { secret: string | undefined; token: string | undefined };

/** One worker in this process, until the process is told to stop. */
export async function live(flags: Flags, { secret, token }: Secrets): Promise<void> {
  const { kind, slots, threads, controllerUrl, backend, ...rest } = flags;
  const settings = env();
  const { PARLEY_DRAIN_SECONDS: drainSeconds } = settings;
  const stopTracing = await startTracing("parley-worker");
  try {
    await runWorker(
      {
        ...rest,
        ...(drainSeconds === undefined ? {} : { drainMsMax: drainSeconds * 1_000 }),
        version: readVersion(),
        machine: hostname(),
        kind,
        slots,
        starting: backend.starting,
        secret,
        token,
        controller: new ControllerClient({ url: controllerUrl, secret: token ?? secret ?? "" }),
        createBackend: (signal) =>
          backend.create({
            ...{ slots, threads, controllerUrl, log, signal },
            secret: token ?? secret ?? "",
          }),
        waiting: {
          waitingMax: settings.PARLEY_WORKER_WAITING_MAX,
          slotWaitMsMax: settings.PARLEY_ADMISSION_WAIT_MS,
        },
        registry: metrics,
        // Its lines are those of requests, for the most part.
        log: requestLog,
        // Whoever forked us waits for these two.
        onListening: (address) => tellParent({ type: "listening", address }),
        onRegistered: (workerId) => tellParent({ type: "registered", workerId }),
        // And starts it again when it ends, unless a person wanted it gone.
        onToldToLeave: () => tellParent({ type: "left" }),
      },
      AbortSignal.any([untilTold(process), untilNpxIsGone()]),
    );
  } catch (error) {
    // What a person must change is one line, printed by whoever called.
    if (!(error instanceof StartError)) log.fatal({ err: error }, "the worker failed");
    throw error;
  } finally {
    await stopTracing();
  }
}

function tellParent(message: Record<string, string>): void {
  // To a parent that is gone Node would throw; its absence is heard by another way.
  if (process.connected) process.send?.(message);
}

/** From the package, which lies above both this file and its bundle in dist/. */
function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
