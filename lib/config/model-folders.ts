import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** The folders in `parent` that hold a model, by name. */
export function findModelFolders(parent: string): { name: string; path: string }[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .sort()
    .map((name) => ({ name, path: resolve(parent, name) }))
    .filter(({ path }) => existsSync(join(path, "config.json")));
}
