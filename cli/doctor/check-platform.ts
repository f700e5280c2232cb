import { join } from "node:path";
import { readMigrationState } from "@/lib/db/migration-state";
import { DOCTOR_ASK_MS_MAX } from "@/lib/terminal-limits";
import { StartError } from "@/lib/util/start-error";
import { readStatus, type Status } from "../status/read-status";
import { findOwnToken } from "../status/status-place";
import { plainLine } from "../text-table";
import { broken, type Check, ok, skipped, warning } from "./check";

/** The database: whether it answers, and has the schema of this version. */
export async function checkDatabase(url: string | undefined, root: string): Promise<Check[]> {
  if (url === undefined) {
    return [skipped("database", "The platform's own starts with it; DATABASE_URL names no other.")];
  }
  const asked = readMigrationState(url, join(root, "drizzle"));
  const outcome = await settle(asked);
  if ("error" in outcome) {
    const remedy = "Start it, or correct DATABASE_URL.";
    return [
      broken("database", `It does not answer: ${withoutPassword(outcome.error, url)}`, remedy),
    ];
  }
  const { missing, isNewer } = outcome.value;
  if (isNewer) {
    const remedy = "Run that version, or a database of this one's own.";
    return [broken("database", "A later version of Parley has changed its schema.", remedy)];
  }
  if (missing === 0) return [ok("database", "answers, with the newest schema")];
  const found = `It answers, and lacks ${missing} ${missing === 1 ? "migration" : "migrations"}.`;
  return [warning("database", found, "`npx parley db migrate` brings it up; so does `npm start`.")];
}

const REMEDY = "See its log, and start it again with `npm start`.";

/** The platform that runs from this clone, and its workers. */
export async function readPlatform(url: string | undefined, root: string) {
  if (url === undefined) {
    const found = "None runs from this clone; `npm start` starts one.";
    return { checks: [skipped("platform", found)], status: undefined };
  }
  let token: string | undefined;
  try {
    token = findOwnToken(url, root);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { checks: [broken("platform", error.message, error.remedy)], status: undefined };
  }
  try {
    const status = await readStatus({ url, token });
    return { checks: [describeState(status), ...describeWorkers(status)], status };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { checks: [broken("platform", error.message, REMEDY)], status: undefined };
  }
}

function describeState({ url, ready, missing, degraded }: Status): Check {
  const name = "platform";
  if (!ready) {
    const found = `${url} is not ready: ${missing ?? "it is still starting"}.`;
    return broken(name, found, "See its log; docs/how-to/observe.md says what each word means.");
  }
  if (degraded === undefined) return ok(name, `${url} is ready`);
  const found = `${url} does without its ${degraded}.`;
  return warning(name, found, "See its log; it goes on with what it has.");
}

function describeWorkers({ workers }: Status): Check[] {
  const name = "workers";
  if (workers === undefined) {
    return [skipped(name, "This clone has no token to ask with; set PARLEY_ADMIN_TOKEN.")];
  }
  if (workers.length === 0) {
    const remedy = "Start one with `npx parley worker --model <folder>`.";
    return [broken(name, "None is registered, so that nothing answers.", remedy)];
  }
  const idle = workers.filter(({ state }) => state !== "ready" && state !== "starting");
  if (idle.length === 0) return [ok(name, `${workers.length} registered, none of them silent`)];
  return idle.map((it) =>
    warning(
      `worker ${plainLine(it.name)}`,
      `It is ${it.state}${it.reason === null ? "" : `: ${plainLine(it.reason)}`}.`,
      "`npx parley workers list` tells more; `npx parley workers remove` takes it out.",
    ),
  );
}

async function settle<T>(work: Promise<T>): Promise<{ value: T } | { error: string }> {
  const late = new Promise<never>((_, fail) => {
    const message = `nothing was heard for ${DOCTOR_ASK_MS_MAX / 1_000} s`;
    setTimeout(() => fail(new Error(message)), DOCTOR_ASK_MS_MAX).unref();
  });
  try {
    return { value: await Promise.race([work, late]) };
  } catch (error) {
    return { error: error instanceof Error ? error.message || error.name : String(error) };
  }
}

/** A driver's words may hold the address, and the address a password. */
function withoutPassword(text: string, url: string): string {
  const password = URL.canParse(url) ? decodeURIComponent(new URL(url).password) : "";
  const told = password === "" ? text : text.replaceAll(password, "…");
  return `${plainLine(told.replaceAll(url, "its address")).replace(/\.$/, "")}.`;
}
