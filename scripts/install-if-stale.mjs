import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mendPostgres } from "./mend-postgres.mjs";
import { step } from "./step.mjs";

const STAMP = "node_modules/.parley-lock";
/** npm writes it at the end of every install. */
const INSTALLED = "node_modules/.package-lock.json";
/** Without these the rest cannot even say what is missing; an install that left out development packages lacks the last. */
const NEEDED = ["next", "esbuild", "typescript"];

/** Installs what package-lock.json names, unless that is what is there, and mends what of it has to be. */
export async function installIfStale() {
  await install();
  mendPostgres();
}

async function install() {
  const wanted = lockHash();
  if (isInstalled(wanted)) return;
  await step("Installing dependencies", async () => {
    const first = await npm("ci");
    if (first.code === 0) return;
    // A lock made on another system can lack this system's optional packages; `install` adds them.
    const second = await npm("install", "--no-save");
    if (second.code !== 0) throw explain(`${first.output}\n${second.output}`);
  });
  writeFileSync(STAMP, wanted);
}

export function lockHash() {
  return createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
}

function isInstalled(wanted) {
  if (!NEEDED.every((name) => existsSync(`node_modules/${name}/package.json`))) return false;
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return true;
  // Somebody ran npm by hand after the lock had last changed.
  const isNewer =
    existsSync(INSTALLED) && statSync(INSTALLED).mtimeMs >= statSync("package-lock.json").mtimeMs;
  if (isNewer) writeFileSync(STAMP, wanted);
  return isNewer;
}

function npm(...words) {
  // npm tells the scripts it runs where it lives; started by hand, the one on the PATH is used.
  const own = process.env.npm_execpath;
  const isNpm = own !== undefined && /npm-cli\.[cm]?js$/.test(own);
  const [command, first] = isNpm ? [process.execPath, [own]] : ["npm", []];
  const flags = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  return run(command, [...first, ...words, ...flags], {
    // Its install script downloads GPU libraries, and fails the whole install where it may not.
    ONNXRUNTIME_NODE_INSTALL: "skip",
    ...process.env,
  });
}

/** Runs a program to its end; output is kept, to be shown only when it failed. */
export function run(command, words, env = process.env) {
  return new Promise((settle) => {
    const child = spawn(command, words, { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => settle({ code: 127, output: error.message }));
    child.on("close", (code) => settle({ code: code ?? 1, output }));
  });
}

function explain(output) {
  const remedy = [
    [/ENOSPC/, "The disk is full: free about 2 GB and run the same command again."],
    [
      /EACCES|EPERM|EROFS/,
      "This user may not write to node_modules: change its owner and run the same command again.",
    ],
    [
      /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED/,
      "The package registry cannot be reached: check the network, then run the same command again.",
    ],
    [/spawn npm ENOENT/, "npm is not on the PATH: it comes with Node.js from https://nodejs.org."],
  ].find(([pattern]) => pattern.test(output))?.[1];
  return Object.assign(
    new Error(remedy ? `Installing failed. ${remedy}` : `Installing failed:\n${output.trim()}`),
    { exitCode: remedy ? 78 : 1 },
  );
}
