// The terminal door in this process, once it is built.
import { once } from "node:events";

/** Resolves with the exit code. `root`: the clone's folder. */
export async function enter(root, words) {
  // Whoever read what is written has seen enough, as `head` does.
  process.stdout.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  const { runCli } = await import("../dist/cli.mjs");
  return runCli(words, {
    root,
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    drain: async () => {
      if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
    },
    // Made when it is asked for: a command that reads nothing leaves its input alone.
    get streams() {
      return { input: process.stdin, output: process.stdout };
    },
  });
}
