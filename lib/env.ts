import * as z from "zod";
import { readDotenv, readSources, type Sources } from "./config/read-sources";
import { SETTING_SECTIONS, SETTINGS } from "./config/setting-sections";
import { isLoopback } from "./util/loopback";
import { StartError } from "./util/start-error";

/**
 * Every setting, parsed once; the only reader of `process.env`. The settings themselves stand in
 * config/setting-sections.ts, of which `.env.example` and `npx parley config` are written. What is set is
 * read when a process starts.
 */

export const envSchema = z.object(SETTINGS);

export type Env = z.infer<typeof envSchema>;
export type SettingName = keyof Env;

// An object made from the schema has its keys and no others.
const NAMES = Object.keys(envSchema.shape) as SettingName[];

export function isSecretSetting(name: SettingName): boolean {
  return envSchema.shape[name].meta()?.isSecret === true;
}

export const SECRET_SETTINGS = NAMES.filter(isSecretSetting);

/** What is set where, and all that is wrong with it. */
export type Settings = { env: Env | undefined; sources: Sources; faults: string[] };

/** Reads all sources of `environment`: itself, .env and the file (lib/config/read-sources.ts). */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const sources = readSources(environment, { all: NAMES, secrets: SECRET_SETTINGS });
  const { found } = sources;
  const set = Object.fromEntries([...found].map(([name, { value }]) => [name, value]));
  const parsed = envSchema.safeParse(set);
  const wrong = (parsed.error?.issues ?? []).map(
    (issue) => `${found.get(String(issue.path[0]))?.at ?? issue.path.join(".")}: ${issue.message}`,
  );
  const related = parsed.success ? checkRelations(parsed.data) : [];
  return { env: parsed.data, sources, faults: [...sources.faults, ...wrong, ...related] };
}

/** Settings that are right each for itself and make no sense together. */
function checkRelations(env: Env): string[] {
  const faults: string[] = [];
  const interval = env.PARLEY_HEARTBEAT_INTERVAL_MS;
  if (env.PARLEY_WORKER_STALE_AFTER_MS < 2 * interval) {
    faults.push(
      `PARLEY_WORKER_STALE_AFTER_MS: ${env.PARLEY_WORKER_STALE_AFTER_MS} is less than twice PARLEY_HEARTBEAT_INTERVAL_MS (${interval}), so that one late heartbeat would lose a worker`,
    );
  }
  if (env.PARLEY_WORKER_SILENCE_MS < env.PARLEY_ADMISSION_WAIT_MS) {
    faults.push(
      `PARLEY_WORKER_SILENCE_MS: ${env.PARLEY_WORKER_SILENCE_MS} is less than PARLEY_ADMISSION_WAIT_MS (${env.PARLEY_ADMISSION_WAIT_MS}), which may pass in silence at a worker`,
    );
  }
  if (env.PARLEY_PARENT_URL !== undefined && env.PARLEY_PARENT_SECRET === undefined) {
    faults.push(
      "PARLEY_PARENT_SECRET: is not set, and the Parley at PARLEY_PARENT_URL lets nobody in without one",
    );
  }
  if (
    env.PARLEY_PARENT_URL !== undefined &&
    (env.PARLEY_PARENT_ADDRESS ?? env.PARLEY_PUBLIC_URL) === undefined
  ) {
    faults.push(
      "PARLEY_PARENT_ADDRESS: is not set, nor is PARLEY_PUBLIC_URL, so that the Parley at PARLEY_PARENT_URL could not reach this one",
    );
  }
  return faults;
}

/**
 * Why a web process would not start with settings that are right for every other one; undefined where it would.
 */
export function explainOpenHost({ HOST, PARLEY_ADMIN_TOKEN }: Env): StartError | undefined {
  if (isLoopback(HOST) || PARLEY_ADMIN_TOKEN !== undefined) return undefined;
  return new StartError({
    message: `HOST=${HOST} opens the admin pages to the network, and no token is set.`,
    remedy: "Set PARLEY_ADMIN_TOKEN to a secret of 16 characters or more, or leave HOST alone.",
  });
}

/**
 * The settings of `environment` and what it leads to.
 *
 * @throws StartError that names every setting at fault, where it stands and what it should be.
 */
export function parseEnv(environment: Record<string, string | undefined>): Env {
  const { env, faults } = readSettings(environment);
  if (env !== undefined && faults.length === 0) return env;
  throw new StartError({
    message: `Settings: ${faults.join("; ")}.`,
    remedy: "See .env.example or `npx parley config`.",
  });
}

let cached: Env | undefined;

/** The settings of this process, parsed at first use (a build has none of them). */
export function env(): Env {
  cached ??= parseEnv(process.env);
  return cached;
}

/**
 * What a variable holds that is none of the settings, such as a provider's key whose name a file of models
 * tells; undefined where it is empty or not set. The environment comes before .env.
 */
export function readVariable(name: string): string | undefined {
  return process.env[name] || readDotenv(process.env)[name] || undefined;
}

/** What is set for this process, where, and what is wrong with it: for people. */
export function processSettings(): Settings {
  return readSettings(process.env);
}

/** The libraries of OpenTelemetry read the environment; what stands in files is put there for them. */
export function handTracingToLibraries(): void {
  for (const [name, { value }] of processSettings().sources.found) {
    if (name in SETTING_SECTIONS.Traces) process.env[name] ??= value;
  }
}

/** The level to log at; with settings that cannot be read, since whoever starts then says so, the default. */
export function logLevel(): Env["LOG_LEVEL"] {
  try {
    return env().LOG_LEVEL;
  } catch {
    return "info";
  }
}

/** `.env.example`, whole. */
export function toEnvExample(): string {
  const sections = Object.entries(SETTING_SECTIONS).map(([title, shape]) => {
    const entries = Object.entries(shape).map(([name, schema]) => {
      const fallback = schema.safeParse(undefined).data;
      return `# ${schema.description}\n# ${name}=${fallback ?? ""}\n`;
    });
    return `## ${title}\n\n${entries.join("\n")}`;
  });
  return `# Copy to .env and change what you need, or write the same settings into parley.yaml: PORT is
# \`port\` there, PARLEY_WORKER_THREADS \`workerThreads\` or \`worker: { threads: 2 }\`. Every setting
# has a default; the environment comes before .env, .env before the file. A secret may stand in a file
# of its own, named by PARLEY_SECRET_FILE and the like. \`npx parley config\` shows what is set.

${sections.join("\n")}`;
}

/** The environment for somebody else's program: nothing of ours, secrets least of all. */
export function environmentOfOthers(): NodeJS.ProcessEnv {
  const kept = { ...process.env };
  for (const name of Object.keys(kept)) if (name.startsWith("PARLEY_")) delete kept[name];
  return kept;
}
