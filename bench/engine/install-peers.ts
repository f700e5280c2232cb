import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root";

const SOURCE = join(ROOT, "bench/peers");
const INSTALL_MS_MAX = 300_000;
/**
 * `install` and not `ci`, which refuses a lock that lacks another system's optional builds; what the
 * lock names is taken at its version all the same. No install script runs: they download builds for
 * graphics cards and compile, and none of the builds for processors needs them.
 */
const WORDS = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];

/**
 * The peers of `<source>/package.json`, installed into `<folder>/peers` unless they are there. They stay
 * out of the checkout's own tree, where nobody but one benchmark wants half a gigabyte of them.
 *
 * @param source `bench/peers` unless given: the engines.
 * @throws Error with npm's words, for instance without a network.
 */
export async function installPeers(
  folder: string,
  signal: AbortSignal,
  source = SOURCE,
): Promise<string> {
  const target = join(folder, "peers");
  const stamp = join(target, ".installed");
  const lock = readFileSync(join(source, "package-lock.json"));
  const wanted = createHash("sha256").update(lock).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return target;
  mkdirSync(target, { recursive: true });
  cpSync(source, target, { recursive: true });
  await runNpm(target, AbortSignal.any([signal, AbortSignal.timeout(INSTALL_MS_MAX)]));
  writeFileSync(stamp, wanted);
  return target;
}

async function runNpm(cwd: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn("npm", [...WORDS, "--loglevel=error"], {
      ...{ cwd, signal },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let words = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ended with ${code}. ${words.trim().slice(0, 500)}`));
    });
  });
}

/** Versions of the peers, as bench/peers/package.json names them. */
export function peerVersions(): Record<string, string> {
  // The file is ours; a changed shape would show in the table's head at once.
  const { dependencies } = JSON.parse(readFileSync(join(SOURCE, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return dependencies;
}
