import { existsSync, readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { readMemoryBytes } from "@/lib/engine/memory-plan";
import { DOCTOR_DISK_BYTES_MIN, DOCTOR_MEMORY_BYTES_MIN } from "@/lib/terminal-limits";
import { broken, type Check, ok, skipped, warning } from "./check";

const packageSchema = z.object({ engines: z.object({ node: z.string() }) });
const toGib = (bytes: number) => `${(bytes / 1_073_741_824).toFixed(1)} GiB`;

/** Node, cores and memory. */
export function checkMachine(root: string): Check[] {
  const { engines } = packageSchema.parse(
    JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
  );
  const least = engines.node.replace(/^>=/, "");
  const isNew = compareVersions(process.versions.node, least) >= 0;
  const memory = readMemoryBytes();
  return [
    isNew
      ? ok("node", `${process.version}, ${availableParallelism()} cores`)
      : broken(
          "node",
          `${process.version} is older than ${least}.`,
          `Install Node ${least} or later.`,
        ),
    memory >= DOCTOR_MEMORY_BYTES_MIN
      ? ok("memory", `${toGib(memory)} to use`)
      : warning(
          "memory",
          `${toGib(memory)} to use is little.`,
          "Stop other programs, or serve fewer models (PARLEY_MODELS).",
        ),
  ];
}

function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((it) => it.split(".").map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The disk under the data folder. */
export async function checkDisk(dataDir: string): Promise<Check[]> {
  let folder = resolve(dataDir);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= DOCTOR_DISK_BYTES_MIN) return [ok("disk", `${toGib(free)} free at ${folder}`)];
  const remedy = "Free some space, or set PARLEY_DATA_DIR to a folder elsewhere.";
  return [warning("disk", `${toGib(free)} are free at ${folder}.`, remedy)];
}

/** Whether what is built is of these sources. */
export async function checkBuild(root: string): Promise<Check[]> {
  const path = join(root, "scripts/build-if-stale.mjs");
  if (!existsSync(path)) return [skipped("build", "There are no sources here.")];
  // The build's own program says so; it exports exactly this.
  const program = (await import(pathToFileURL(path).href)) as {
    readBuildState(root: string): { pages: BuildState; programs: BuildState };
  };
  const { pages, programs } = program.readBuildState(root);
  return [describeBuild("pages", pages), describeBuild("programs", programs)];
}

type BuildState = "fresh" | "stale" | "missing";

function describeBuild(what: string, state: BuildState): Check {
  const name = `build of ${what}`;
  if (state === "fresh") return ok(name, "of these sources");
  const found = state === "missing" ? "It is not built yet." : "Sources have changed since.";
  return warning(
    name,
    found,
    "`npm start` builds it first; `npm run build` does without starting.",
  );
}

/** Whether the web process could listen. */
export async function checkPort(host: string, port: number, isOurs: boolean): Promise<Check[]> {
  const name = "port";
  if (isOurs) return [ok(name, `${port} is this platform's`)];
  const code = await tryPort(host, port);
  if (code === undefined) return [ok(name, `${port} on ${host} is free`)];
  const remedies: Record<string, string> = {
    EADDRINUSE: "Stop the program that has it, or set PORT to another one.",
    EACCES: "Set PORT to one of 1024 or above.",
    EADDRNOTAVAIL: "Set HOST to 127.0.0.1, or to 0.0.0.0 for every address.",
    ENOTFOUND: "Set HOST to 127.0.0.1, or to 0.0.0.0 for every address.",
  };
  const remedy = remedies[code] ?? "Set HOST and PORT to an address of this machine.";
  return [broken(name, `${port} on ${host} cannot be listened on (${code}).`, remedy)];
}

function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((settle) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => settle(undefined)));
  });
}
