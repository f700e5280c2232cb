#!/usr/bin/env node
// Writes server-routes.ts from the route files in app/. Every build does; scripts/server-routes.test.ts
// holds the file in the repository to what this would write.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./root.mjs";

const FILE = "server-routes.ts";

const HEAD = `/**
 * Written by scripts/route-table.mjs from the route files in app/; do not edit it, every build writes it
 * anew. What they export is answered without Next (lib/http/front.ts), the first path that fits first.
 */`;

/**
 * Whoever boots makes what all requests share (ledger, controller, router): the copy of the code that
 * answers them, which is bundled for speed, rather than Next's.
 */
const BOOT = [
  "// biome-ignore lint/performance/noBarrelFile: a bundle's door, and the server calls both from it.",
  'export { boot } from "./instrumentation-node";',
  "",
];

/** Folders in parentheses are no part of an address, as in Next. */
const toPath = (file) =>
  `/${file
    .split("/")
    .slice(0, -1)
    .filter((part) => !/^\(.*\)$/.test(part))
    .join("/")}`;

/** `/v1/models/[...id]` → `v1ModelsId`. */
const toName = (path) =>
  path
    .split(/[^a-zA-Z0-9]+/)
    .filter((word) => word !== "")
    .map((word, index) => (index === 0 ? word : word[0].toUpperCase() + word.slice(1)))
    .join("");

/** How much else a part of a path takes: a word, `[one]`, `[...many]`, `[[...any]]`. */
function breadthOf(part) {
  if (part.startsWith("[[")) return 3;
  if (part.startsWith("[...")) return 2;
  return part.startsWith("[") ? 1 : 0;
}

/** The more particular path first, as Next matches; then by the alphabet. */
export function comparePaths(one, other) {
  const parts = one.split("/");
  const others = other.split("/");
  for (let index = 0; index < Math.min(parts.length, others.length); index++) {
    const breadth = breadthOf(parts[index]) - breadthOf(others[index]);
    if (breadth !== 0) return breadth;
    if (parts[index] !== others[index]) return parts[index] < others[index] ? -1 : 1;
  }
  return parts.length - others.length;
}

/** The paths that have a route file, each with that file, in the order in which they are matched. */
export function listRoutes(app = join(root, "app")) {
  return readdirSync(app, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(sep).join("/"))
    .filter((file) => /(^|\/)route\.ts$/.test(file))
    .map((file) => ({ file, path: toPath(file) }))
    .sort((one, other) => comparePaths(one.path, other.path));
}

/** The text of server-routes.ts. */
export function toRouteTable(routes) {
  const named = routes.map((it) => ({ ...it, name: toName(it.path) }));
  const double = named.find((it, index) => named.findIndex(({ name }) => name === it.name) < index);
  if (double) throw new Error(`Two routes would be called ${double.name}: rename ${double.file}.`);
  const imports = named
    .map(({ file, name }) => ({ name, from: `@/app/${file.replace(/\.ts$/, "")}` }))
    .sort((one, other) => (one.from < other.from ? -1 : 1))
    .map(({ name, from }) => `import * as ${name} from "${from}";`);
  const rows = named.map(({ path, name }) => `  "${path}": ${name},`);
  return [
    ...imports,
    'import type { RouteModule } from "@/lib/http/front";',
    "",
    ...BOOT,
    HEAD,
    "export const HOT_ROUTES: Record<string, RouteModule> = {",
    ...rows,
    "};",
    "",
  ].join("\n");
}

/** Writes the file where it is not as it should be: a build of the same sources leaves it alone. */
export function writeRouteTable() {
  const path = join(root, FILE);
  const text = toRouteTable(listRoutes());
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--print")) process.stdout.write(toRouteTable(listRoutes()));
  else writeRouteTable();
}
