import { env, readVariable } from "@/lib/env";
import { takeOutboundProxy } from "@/lib/util/outbound-proxy";
import { EXIT_CODES, StartError } from "@/lib/util/start-error";
import { parseFlags, usageOf } from "./flags";

/** The worker program: checks what it was told, then lives. */

async function main(): Promise<void> {
  const environment = env();
  takeOutboundProxy(readVariable);
  const words = process.argv.slice(2);
  const flags = parseFlags(words, environment);
  if (!flags) {
    process.stdout.write(usageOf(words));
    return;
  }
  const told = await flags.backend.check();
  if (told !== undefined) {
    process.stdout.write(told);
    return;
  }
  const { PARLEY_WORKER_SECRET: secret, PARLEY_WORKER_TOKEN: token } = environment;
  if (secret === undefined && token === undefined) {
    throw new StartError({
      message: "Neither PARLEY_WORKER_SECRET nor PARLEY_WORKER_TOKEN is set.",
      remedy:
        "Set the first to the secret of the web process, which `npm start` keeps in PARLEY_DATA_DIR, or the second to a token of `npx parley workers token create`.",
    });
  }
  // Not above: `--help` needs nothing of it.
  const { live } = await import("./live");
  await live(flags, { secret, token });
}

main().then(
  // Threads and sockets that linger must not hold up a process whose work is done.
  () => process.exit(0),
  (error: unknown) => {
    const isForPerson = error instanceof StartError;
    const line = isForPerson ? error.line : String(error);
    process.stderr.write(`${line}\n`);
    process.exit(isForPerson ? EXIT_CODES.needsPerson : 1);
  },
);
