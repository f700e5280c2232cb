import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** The version of the clone; its name comes first, since a stranger's package is called `parley` too. */
export function readVersion(root: string): string {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const { name, version } = z
    .object({ name: z.string(), version: z.string() })
    .parse(JSON.parse(text));
  return `${name} ${version}`;
}
