// The data folder as the settings have it (lib/config), for what runs before anything is built.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const FILES = ["parley.yaml", "parley.yml", "parley.json"];

/** From the environment, which has .env in it already, or the file of settings; whoever starts checks them all. */
export async function readDataDir({ PARLEY_DATA_DIR, PARLEY_CONFIG, PARLEY_HOME }) {
  if (PARLEY_DATA_DIR) return PARLEY_DATA_DIR;
  const files = PARLEY_CONFIG && PARLEY_CONFIG !== "none" ? [PARLEY_CONFIG] : FILES;
  for (const file of PARLEY_CONFIG === "none" ? [] : files) {
    try {
      // Not there before the first installation, and then nothing has ever run from here.
      const { parse } = await import("yaml");
      const settings = parse(readFileSync(resolve(PARLEY_HOME || ".", file), "utf8"));
      const found = settings?.dataDir ?? settings?.data?.dir;
      if (typeof found === "string") return found;
    } catch {
      // No such file, or none that can be read: the start says so when it reads it in earnest.
    }
  }
  return ".parley";
}
