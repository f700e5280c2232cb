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

async function buildPages() {
  await unlessFresh(".next/parley-inputs", PAGES, [".next/BUILD_ID"], () =>
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

async function buildPrograms(announce = step) {
  // Before the sources are compared: it is one of them.
  writeRouteTable();
  const programs = ["server", "server-routes", "worker", "engine-thread", "grammar-thread"];
  const outputs = [...programs, "cli", "chat-thread", "launcher"].map((name) => `dist/${name}.mjs`);
  await unlessFresh("dist/.inputs", [...PAGES, ...PROGRAMS], outputs, () =>
    announce("Bundling the programs", async () => {
      const { code, output } = await run(process.execPath, ["scripts/bundle.mjs"]);
      if (code !== 0) throw explain(output);
    }),
  );
}

async function unlessFresh(stamp, inputs, outputs, build) {
  const wanted = hashOf(inputs);
  const isFresh =
    outputs.every(existsSync) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (isFresh) return;
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
