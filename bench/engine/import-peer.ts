import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * A package of `bench/peers/package.json` from where the benchmark has installed it. `T` is what the
 * caller uses of it; the package's own types are not there when this is compiled.
 */
export async function importPeer<T>(peersFolder: string, name: string): Promise<T> {
  const path = createRequire(join(peersFolder, "package.json")).resolve(name);
  // The version is exact in bench/peers/package.json, and T is written by its declarations.
  return (await import(pathToFileURL(path).href)) as T;
}
