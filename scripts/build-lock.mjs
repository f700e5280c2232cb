import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "./root.mjs";
import { isProgram } from "./running.mjs";

const ASK_INTERVAL_MS = 200;

/**
 * Installs or builds while nobody else does in this checkout: two at once pull files from under each
 * other. The lock names its process, so that one left by a killed process is seen through.
 */
export async function withBuildLock(run, { folder = join(root, "dist"), say = tell } = {}) {
  const path = join(folder, ".build-lock");
  const isHeld = await take(path, folder, say);
  try {
    return await run();
  } finally {
    if (isHeld) rmSync(path, { force: true });
  }
}

const tell = (line) => process.stderr.write(`  ${line}\n`);

async function take(path, folder, say) {
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(draft, String(process.pid));
  } catch (error) {
    // A checkout that cannot be written to can still be run when everything is built.
    if (["EACCES", "EPERM", "EROFS"].includes(error.code)) return false;
    throw error;
  }
  try {
    for (let holder, told = ""; !claim(draft, path); told = holder) {
      holder = holderOf(path);
      if (holder === undefined) continue;
      if (!isProgram(Number(holder), /\b(start|build|test|parley)\.mjs/)) {
        clear(path, holder);
        continue;
      }
      if (holder !== told) say(`Another build is running (process ${holder}), waiting for it.`);
      await delay(ASK_INTERVAL_MS);
    }
    return true;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A link appears with its content or not at all. */
function claim(draft, path) {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function holderOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // Released in this moment.
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Takes away the lock of a dead process; moved first, since another may have done so and hold it by now. */
function clear(path, dead) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    if (holderOf(aside) !== dead) claim(aside, path);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  rmSync(aside, { force: true });
}
