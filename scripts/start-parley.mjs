// From a fresh clone to a running launcher: dependencies, build, then dist/launcher.mjs in this process.
import { buildIfStale, bundleIfStale } from "./build-if-stale.mjs";
import { withBuildLock } from "./build-lock.mjs";
import { readDataDir } from "./data-dir.mjs";
import { installIfStale } from "./install-if-stale.mjs";
import { loadDotenv } from "./load-dotenv.mjs";
import { root } from "./root.mjs";
import { findRunning } from "./running.mjs";

export async function startParley() {
  process.chdir(root);
  const isDev = process.argv.includes("--dev");
  try {
    loadDotenv(root);
    // Before anything is built: a new build would pull the files from under the running one.
    refuseSecond(await readDataDir(process.env));
    await withBuildLock(async () => {
      await installIfStale();
      if (isDev) await bundleIfStale();
      else await buildIfStale();
    });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode ?? 1);
  }
  const { launch } = await import("../dist/launcher.mjs");
  await launch({ isDev });
}

function refuseSecond(dataDir) {
  const running = findRunning(dataDir);
  if (running === undefined) return;
  const where = running.url ? ` at ${running.url}` : "";
  throw Object.assign(
    new Error(
      `Parley already runs from this folder${where} (process ${running.pid}). Stop it with Ctrl-C or \`kill ${running.pid}\`, or set PARLEY_DATA_DIR and PORT for a second one.`,
    ),
    { exitCode: 78 },
  );
}
