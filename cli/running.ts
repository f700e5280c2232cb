import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { env, processSettings } from "@/lib/env";
import { StartError } from "@/lib/util/start-error";

const runningSchema = z.object({
  pid: z.number(),
  url: z.string().optional(),
  databaseUrl: z.string().optional(),
});
const secretsSchema = z.object({
  ...{ workerSecret: z.string(), adminToken: z.string() },
  // Files of before the first visitor have none.
  cookieSecret: z.string().optional(),
});

const CURES = {
  "running.json": "Remove it, and start the platform anew with `npm start`.",
  "secrets.json":
    "Restore it from a backup. Remove it only where there is none: `npm start` makes new secrets, and what was sealed or signed with the old ones is lost.",
} as const;

export type Running = z.infer<typeof runningSchema>;

/** What the launcher of this clone wrote down; undefined when there is none. Whether it lives is another question. */
export function findRunning(root: string): Running | undefined {
  return readData(root, "running.json", runningSchema);
}

/**
 * Where the platform of this clone answers, or would: as its launcher wrote it down, else as the settings say.
 * Whoever sets PORT alone starts the platform there, and looks for it there.
 */
export function platformUrl(root: string): string {
  const { PARLEY_CONTROLLER_URL, PORT } = env();
  // Whether it is set at all is not in env(), which fills in the default.
  const isSet = processSettings().sources.found.has("PARLEY_CONTROLLER_URL");
  const told = { url: PARLEY_CONTROLLER_URL, isSet, port: PORT };
  return findRunning(root)?.url ?? addressBySettings(told);
}

type ToldAddress = { url: string; isSet: boolean; port: number };

export function addressBySettings({ url, isSet, port }: ToldAddress): string {
  if (isSet || port === 0) return url;
  const address = new URL(url);
  address.port = String(port);
  return address.origin;
}

/** @throws StartError when the platform of this clone does not run. */
export function getRunning(root: string): Running {
  const running = findRunning(root);
  if (running !== undefined) return running;
  throw new StartError({
    message: `No Parley runs from ${dataDir(root)}.`,
    remedy: "Start it with `npm start`.",
  });
}

/** The secrets that the launcher made; a person's own, in the environment, come before them. */
export function findSecrets(root: string): z.infer<typeof secretsSchema> | undefined {
  return readData(root, "secrets.json", secretsSchema);
}

/**
 * The secret behind cookies, and behind what is hashed with a key of the installation.
 *
 * @throws StartError when there is none.
 */
export function getCookieSecret(root: string): string {
  const secret = env().PARLEY_SECRET ?? findSecrets(root)?.cookieSecret;
  if (secret !== undefined) return secret;
  throw new StartError({
    message: "PARLEY_SECRET is not set, and no Parley has run from this clone.",
    remedy: "Set it as the web server has it, or start the platform with `npm start`.",
  });
}

function dataDir(root: string): string {
  return resolve(root, env().PARLEY_DATA_DIR);
}

/** @throws StartError for a file that a full disk or a person's hand has damaged. */
function readData<T>(root: string, name: keyof typeof CURES, schema: z.ZodType<T>): T | undefined {
  const path = join(dataDir(root), name);
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    const message = `${path} cannot be read as what the launcher wrote there.`;
    throw new StartError({ message, remedy: CURES[name], cause });
  }
}
