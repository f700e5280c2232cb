#!/usr/bin/env node
// `npx parley` inside a clone: builds the terminal door when its sources changed, then walks through it.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadDotenv } from "../scripts/load-dotenv.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const typedIn = process.cwd();

if (!existsSync(join(root, "node_modules/esbuild"))) {
  process.stderr.write("Parley is not installed yet. Run `npm start` or `npm ci` here first.\n");
  process.exit(78);
}
// Settings are those of this clone, wherever the command is typed.
process.env.PARLEY_HOME ||= root;
loadDotenv(root);

const { withBuildLock } = await import("../scripts/build-lock.mjs");
const { bundleQuietly } = await import("../scripts/build-if-stale.mjs");
try {
  process.chdir(root);
  await withBuildLock(bundleQuietly);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
} finally {
  // Paths on the command line are those of the folder it was typed in.
  process.chdir(typedIn);
}
// Whoever read what is written has seen enough, as `head` does.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
const { runCli } = await import("../dist/cli.mjs");
process.exitCode = await runCli(process.argv.slice(2), {
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
