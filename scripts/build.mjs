#!/usr/bin/env node
// `npm run build`: what `npm start` does before it starts, without starting.
import { buildIfStale } from "./build-if-stale.mjs";
import { withBuildLock } from "./build-lock.mjs";
import { installIfStale } from "./install-if-stale.mjs";
import { root } from "./root.mjs";

process.chdir(root);
try {
  await withBuildLock(async () => {
    await installIfStale();
    await buildIfStale();
  });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode ?? 1);
}
