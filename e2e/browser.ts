import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { chromium } from "@playwright/test";

const SYSTEM_NAMES = [
  ...["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"],
  "microsoft-edge",
];
const MAC_PATHS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/**
 * The browser of the end-to-end tests: the one in CHROMIUM_PATH, the system's, Playwright's own, one
 * from apt-get (root on Debian and its kin), one that Playwright downloads. In this order, since the
 * first three cost nothing and the last needs a network that many test machines do not have.
 *
 * @throws Error with a remedy when there is none.
 */
export function findBrowser(): string {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (runs(named)) return named;
    throw new Error(`CHROMIUM_PATH=${named} is no browser that runs here. Correct it or unset it.`);
  }
  const found = findInstalled() ?? installWithApt() ?? downloadWithPlaywright();
  if (found) return found;
  throw new Error(
    "No browser for the end-to-end tests. Install Chromium or Chrome (on Debian: `apt-get install chromium`), or set CHROMIUM_PATH to one.",
  );
}

function findInstalled(): string | undefined {
  const candidates = [...SYSTEM_NAMES.map(findOnPath), ...MAC_PATHS, chromium.executablePath()];
  return candidates.find((path) => path !== undefined && existsSync(path) && runs(path));
}

function installWithApt(): string | undefined {
  if (process.getuid?.() !== 0 || findOnPath("apt-get") === undefined) return undefined;
  process.stderr.write("No browser here: installing Chromium with apt-get.\n");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const words = ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"];
  spawnSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "inherit"], env });
  spawnSync("apt-get", words, { stdio: ["ignore", "ignore", "inherit"], env });
  const path = findOnPath("chromium");
  return path && runs(path) ? path : undefined;
}

function downloadWithPlaywright(): string | undefined {
  process.stderr.write("No browser here: downloading Playwright's.\n");
  const root = dirname(createRequire(import.meta.url).resolve("@playwright/test/package.json"));
  spawnSync(process.execPath, [join(root, "cli.js"), "install", "chromium"], { stdio: "inherit" });
  const path = chromium.executablePath();
  return existsSync(path) && runs(path) ? path : undefined;
}

function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // The question, and not a failure.
    return false;
  }
}

/** A file of that name may be a wrapper around nothing, as Ubuntu's `chromium-browser` is. */
function runs(path: string): boolean {
  return spawnSync(path, ["--version"], { timeout: 20_000, stdio: "ignore" }).status === 0;
}
