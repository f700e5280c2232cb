import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockHash, run } from "./install-if-stale.mjs";
import { writeRouteTable } from "./route-table.mjs";
import { step } from "./step.mjs";

/** What the pages are built from. */
const PAGES = [
  ...["app", "components", "lib", "public", "drizzle"],
  ...["instrumentation.ts", "instrumentation-node.ts", "next.config.ts", "postcss.config.mjs"],
  ...["tsconfig.json", "scripts/code-version.mjs"],
];
/** What our own programs are built from besides. */
const PROGRAMS = [
  ...["worker", "cli", "bench", "scripts/bundle.mjs", "scripts/route-table.mjs"],
  ...["scripts/launcher.ts", "scripts/launcher", "server.ts", "server-routes.ts"],
];

/** Builds pages and programs, each unless its sources are those of the last build. */
export async function buildIfStale() {
  await buildPrograms();
  await buildPages();
}

/** Only the programs: `--dev` compiles pages as they are asked for. */
export const bundleIfStale = () => buildPrograms();

const PAGES_STAMP = ".next/parley-inputs";
const PAGES_OUTPUTS = [".next/BUILD_ID"];

async function buildPages() {
  await unlessFresh(PAGES_STAMP, PAGES, PAGES_OUTPUTS, () =>
    step("Building the pages", async () => {
      const { code, output } = await run(
        process.execPath,
        ["node_modules/next/dist/bin/next", "build"],
        { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      );
      if (code !== 0) throw explain(output);
    }),
  );
}

/** Says nothing on the terminal, for commands whose output other programs read. */
export const bundleQuietly = () => buildPrograms((_, run) => run());

const PROGRAMS_STAMP = "dist/.inputs";
const PROGRAMS_OUTPUTS = [
  ...["server", "server-routes", "worker", "engine-thread", "grammar-thread", "cli", "chat-thread"],
  "launcher",
].map((name) => `dist/${name}.mjs`);

async function buildPrograms(announce = step) {
  // Before the sources are compared: it is one of them.
  writeRouteTable();
  await unlessFresh(PROGRAMS_STAMP, [...PAGES, ...PROGRAMS], PROGRAMS_OUTPUTS, () =>
    announce("Bundling the programs", async () => {
      const { code, output } = await run(process.execPath, ["scripts/bundle.mjs"]);
      if (code !== 0) throw explain(output);
    }),
  );
}

/** Whether what is built is of the sources that are there: `fresh`, `stale` or `missing`. */
export function readBuildState(root) {
  const before = process.cwd();
  try {
    process.chdir(root);
    return {
      pages: stateOf(PAGES_STAMP, hashOf(PAGES), PAGES_OUTPUTS),
      programs: stateOf(PROGRAMS_STAMP, hashOf([...PAGES, ...PROGRAMS]), PROGRAMS_OUTPUTS),
    };
  } finally {
    process.chdir(before);
  }
}

function stateOf(stamp, wanted, outputs) {
  if (!outputs.every(existsSync)) return "missing";
  return existsSync(stamp) && readFileSync(stamp, "utf8") === wanted ? "fresh" : "stale";
}

async function unlessFresh(stamp, inputs, outputs, build) {
  const wanted = hashOf(inputs);
  if (stateOf(stamp, wanted, outputs) === "fresh") return;
  rmSync(stamp, { force: true });
  await build();
  writeFileSync(stamp, wanted);
}

function hashOf(inputs) {
  const hash = createHash("sha256").update(lockHash()).update(process.version);
  for (const path of inputs.flatMap(filesOf).sort()) {
    hash.update(path).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function filesOf(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) return entry.name === "__fixtures__" ? [] : filesOf(inside);
    return /\.test\.tsx?$/.test(entry.name) ? [] : [inside];
  });
}

function explain(output) {
  if (/ENOSPC/.test(output)) {
    return Object.assign(
      new Error("The disk is full. Free about 1 GB and run the same command again."),
      { exitCode: 78 },
    );
  }
  return Object.assign(new Error(`The build failed:\n${output.trim()}`), { exitCode: 1 });
}
