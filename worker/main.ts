import { readFileSync } from "node:fs";
import * as z from "zod";
import { env } from "@/lib/env";
import { isAppError } from "@/lib/errors";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { log } from "@/lib/telemetry/log";
import { metrics } from "@/lib/telemetry/metrics";
import { EXIT_CODES, StartError } from "@/lib/util/start-error";
import { BACKENDS } from "./backends";
import { type Flags, parseFlags, USAGE } from "./flags";
import { untilTold } from "./signals";
import { runWorker } from "./worker";

/** The worker program: reads flags, chooses a backend, lives. */

async function main(): Promise<void> {
  const environment = readEnvironment();
  const flags = parseFlags(process.argv.slice(2), environment);
  if (!flags) {
    process.stdout.write(USAGE);
    return;
  }
  const secret = environment.PARLEY_WORKER_SECRET;
  if (!secret) {
    throw new StartError({
      message: "PARLEY_WORKER_SECRET is not set.",
      remedy:
        "Set it to the secret of the web process; `npm start` keeps its own in PARLEY_DATA_DIR.",
    });
  }
  await live(flags, secret);
}

async function live(flags: Flags, secret: string): Promise<void> {
  const { kind, models, slots, threads, controllerUrl, ...rest } = flags;
  const controller = new ControllerClient({ url: controllerUrl, secret });
  await runWorker(
    {
      ...rest,
      version: readVersion(),
      secret,
      controller,
      createBackend: () => BACKENDS[kind]({ models, slots, threads }),
      registry: metrics,
      log,
      // Whoever forked us waits for these two.
      onListening: (address) => process.send?.({ type: "listening", address }),
      onRegistered: (workerId) => process.send?.({ type: "registered", workerId }),
    },
    untilTold(process),
  );
}

function readEnvironment() {
  try {
    return env();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StartError({ message, remedy: "", cause });
  }
}

/** From the package, which lies above both this file and its bundle in dist/. */
function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

main().then(
  // Threads and sockets that linger must not hold up a process whose work is done.
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof StartError) {
      process.stderr.write(`${error.line}\n`);
      process.exit(EXIT_CODES.needsPerson);
    }
    if (isAppError(error)) process.stderr.write(`${error.message}\n`);
    log.fatal({ err: error }, "the worker failed");
    process.exit(1);
  },
);
