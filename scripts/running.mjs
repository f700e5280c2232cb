import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The launcher that holds a data folder, as it wrote itself down there; undefined when none lives. */
export function findRunning(dataDir) {
  let running;
  try {
    running = JSON.parse(readFileSync(join(dataDir, "running.json"), "utf8"));
  } catch {
    // Not there, or half-written by a launcher that was killed: nobody holds the folder.
    return undefined;
  }
  return isProgram(running.pid, /\bstart\.mjs/) ? running : undefined;
}

/** Whether a process lives and its command line matches: after a restart of the machine the id may be any program's. */
export function isProgram(pid, pattern) {
  if (pid === process.pid || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  try {
    return pattern.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    // No /proc on this system: the living process is taken at its word.
    return process.platform !== "linux";
  }
}
