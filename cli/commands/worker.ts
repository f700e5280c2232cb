import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { env, processSettings } from "@/lib/env";
import { StartError } from "@/lib/util/start-error";
import { findSecrets, platformUrl } from "../running";
import type { Terminal } from "../terminal";
import { asksForHelp, withController } from "../worker-words";

export function addWorkerCommand(program: Command, terminal: Terminal): void {
  program
    .command("worker")
    .description(
      "Serve models to the platform, such as `parley worker --model <folder>`. `parley worker --help` lists the flags.",
    )
    // The flags are the worker's own: one list, where they are read.
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .passThroughOptions()
    .action(async (_options, command: Command) => {
      await runWorker(command.args, terminal);
    });
}

/** The worker's program, in this very process: signals and exit codes are then its own. */
async function runWorker(words: string[], { root }: Terminal): Promise<void> {
  const path = join(root, "dist/worker.mjs");
  if (!asksForHelp(words)) lendSecret(root);
  process.argv = [process.execPath, path, ...withController(words, controllerOf(root))];
  await import(pathToFileURL(path).href);
}

/** Without a controller on the command line or in the environment, the platform of this clone is meant. */
function controllerOf(root: string): string | undefined {
  // Whether it is set at all is not in env(), which fills in the default.
  const isSet = processSettings().sources.found.has("PARLEY_CONTROLLER_URL");
  return isSet ? undefined : platformUrl(root);
}

function lendSecret(root: string): void {
  const { PARLEY_WORKER_SECRET: own, PARLEY_WORKER_TOKEN: token } = env();
  if (own !== undefined || token !== undefined) return;
  const secret = findSecrets(root)?.workerSecret;
  if (secret === undefined) {
    throw new StartError({
      message: "A worker needs the secret that it shares with the platform.",
      remedy:
        "Set PARLEY_WORKER_SECRET to the platform's, or run `npm start` in this clone once: it makes one.",
    });
  }
  // biome-ignore lint/style/noProcessEnv: the worker's program has an env() of its own, and reads it from here.
  process.env.PARLEY_WORKER_SECRET = secret;
}
