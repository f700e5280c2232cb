#!/usr/bin/env node
// `npx parley` inside a clone: builds the terminal door when its sources changed, then walks through it.
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
const { enter } = await import("./enter.mjs");
process.exitCode = await enter(root, process.argv.slice(2));
