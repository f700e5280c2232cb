import { readFileSync } from "node:fs";
import * as z from "zod";
import { env } from "@/lib/env";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { log } from "@/lib/telemetry/log";
import { metrics } from "@/lib/telemetry/metrics";
import { StartError } from "@/lib/util/start-error";
import { BACKENDS } from "./backends";
import type { Flags } from "./flags";
import { untilTold } from "./signals";
import { runWorker } from "./worker";

/** One worker in this process, until the process is told to stop. */
export async function live(flags: Flags, secret: string): Promise<void> {
  const { kind, models, slots, threads, engine, controllerUrl, ...rest } = flags;
  const { PARLEY_DRAIN_SECONDS: drainSeconds } = env();
  try {
    await runWorker(
      {
        ...rest,
        ...(drainSeconds === undefined ? {} : { drainMsMax: drainSeconds * 1_000 }),
        version: readVersion(),
        secret,
        controller: new ControllerClient({ url: controllerUrl, secret }),
        createBackend: () => BACKENDS[kind]({ models, slots, threads, engine }),
        registry: metrics,
        log,
        // Whoever forked us waits for these two.
        onListening: (address) => tellParent({ type: "listening", address }),
        onRegistered: (workerId) => tellParent({ type: "registered", workerId }),
      },
      untilTold(process),
    );
  } catch (error) {
    // What a person must change is one line, printed by whoever called.
    if (!(error instanceof StartError)) log.fatal({ err: error }, "the worker failed");
    throw error;
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
