import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

/** From the package, in whose folder a web process is started. */
export async function readVersion(): Promise<string> {
  const text = await readFile(
    join(/* turbopackIgnore: true */ process.cwd(), "package.json"),
    "utf8",
  );
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
