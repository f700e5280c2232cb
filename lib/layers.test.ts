/**
 * Goal: the tables in layers.ts stay true.
 * Method: read every source file once, resolve each import to a folder, look the pair up.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser"; // TypeScript 7 has no JavaScript API
import { expect, test } from "vitest";
import { CLIENT_SAFE, FOUNDATION, HOMES, LAYERS } from "./layers";

const ROOT = resolve(import.meta.dirname, "..");
const FOLDERS = new Set([...FOUNDATION, ...Object.keys(LAYERS)]);

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$|__fixtures__|\.d\.ts$/.test(path));
}

/** The listed folder that holds `path`: "lib/engine/onnx/session.ts" is in "lib/engine". */
function folderOf(path: string): string | undefined {
  const parts = dirname(path).split("/");
  // A file in an unlisted lib/x/ must not pass for a root file of lib/.
  const shallowest = parts[0] === "lib" && parts.length > 1 ? 2 : 1;
  for (let depth = parts.length; depth >= shallowest; depth--) {
    const folder = parts.slice(0, depth).join("/");
    if (FOLDERS.has(folder)) return folder;
  }
  return undefined;
}

/** Our own imports as a path from the root; undefined for a package. */
function ownPath(from: string, specifier: string): string | undefined {
  if (specifier.startsWith("@/")) return specifier.slice(2);
  if (specifier.startsWith(".")) return relative(ROOT, resolve(ROOT, dirname(from), specifier));
  return undefined;
}

function complaint(folder: string, specifier: string, path: string, isClient: boolean) {
  const target = ownPath(path, specifier);
  if (target === undefined) {
    const name = Object.keys(HOMES).find(
      (it) => specifier === it || specifier.startsWith(`${it}/`),
    );
    if (name && !HOMES[name]?.includes(folder))
      return `${name} belongs to ${HOMES[name]?.join(", ")}`;
    return undefined;
  }
  const to = folderOf(target) ?? target;
  if (isClient && target.replace(/\.ts$/, "") === "lib/env") return "ships lib/env to the browser";
  if (isClient && to.startsWith("lib") && !CLIENT_SAFE.includes(to))
    return `ships ${to} to the browser`;
  if (to === folder || FOUNDATION.includes(to) || LAYERS[folder]?.includes(to)) return undefined;
  return `${folder} may not import ${to}`;
}

/** Every module named by `import`, `export … from` and `import("…")`. */
function specifiers(path: string, text: string): string[] {
  const { module } = parseSync(path, text);
  return [
    ...module.staticImports.map((it) => it.moduleRequest.value),
    ...module.staticExports.flatMap((it) =>
      it.entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map((it) =>
      text.slice(it.moduleRequest.start + 1, it.moduleRequest.end - 1),
    ),
  ];
}

function complaints(path: string, text = readFileSync(join(ROOT, path), "utf8")): string[] {
  const folder = folderOf(path);
  if (folder === undefined) return [`${path}: its folder is not in LAYERS`];
  const isClient = /^["']use client["']/.test(text);
  return specifiers(path, text)
    .map((specifier) => complaint(folder, specifier, path, isClient))
    .filter((found) => found !== undefined)
    .map((found) => `${path}: ${found}`);
}

test("every import follows the tables", () => {
  const paths = ["app", "bench", "cli", "components", "lib", "scripts", "worker"].flatMap(
    sourceFiles,
  );
  expect(paths.flatMap((path) => complaints(path))).toEqual([]);
});

test.each([
  ["a domain that reaches for the look", "lib/db/x.ts", 'import "@/components/button";'],
  ["a worker with a database", "worker/x.ts", 'import type { Database } from "@/lib/db/client";'],
  ["the same by a relative path", "worker/backends/x.ts", 'import "../../lib/db/client";'],
  ["a page that sees SQL", "app/x/page.tsx", 'export * from "@/lib/db/client";'],
  ["an engine that knows Next", "lib/engine/x.ts", 'import { cookies } from "next/headers";'],
  ["inference in the web process", "lib/gateway/x.ts", 'await import("onnxruntime-node");'],
  [
    "a store shipped to the browser",
    "components/x.tsx",
    '"use client";\nimport "@/lib/arena/store";',
  ],
  [
    "the environment shipped to the browser",
    "components/x.tsx",
    '"use client";\nimport "@/lib/env";',
  ],
  ["a folder nobody knows", "lib/misc/x.ts", ""],
])("%s is caught", (_what, path, text) => {
  expect(complaints(path, text)).toHaveLength(1);
});

test("the layers have no cycle", () => {
  const visit = (folder: string, trail: string[]) => {
    expect(trail).not.toContain(folder);
    for (const next of LAYERS[folder] ?? []) visit(next, [...trail, folder]);
  };
  for (const folder of Object.keys(LAYERS)) visit(folder, []);
});
