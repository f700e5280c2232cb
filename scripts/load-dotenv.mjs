// .env of the folder that settings are read from (lib/config/read-sources.ts), before anything of it is built.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Variables that are set already stay; with PARLEY_CONFIG=none the environment alone speaks. */
export function loadDotenv(root) {
  const { PARLEY_CONFIG, PARLEY_HOME } = process.env;
  if (PARLEY_CONFIG === "none") return;
  const path = join(PARLEY_HOME || root, ".env");
  if (existsSync(path)) process.loadEnvFile(path);
}
