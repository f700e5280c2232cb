import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { type Database, database } from "@/lib/db/client";
import { READY_AGAIN_MS_MAX, READY_CHECK_MS_MAX } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { controller } from "./controller";
import { findNewestMigrationMs } from "./store";

export type Missing = { what: "database" | "migrations"; cause?: unknown };

const journalSchema = z.object({ entries: z.array(z.object({ when: z.number() })).min(1) });

/** What this process still lacks to serve: a database that answers, with the schema this build expects. */
export async function findMissing(
  connect: () => Database = database,
  folder = join(/* turbopackIgnore: true */ process.cwd(), "drizzle"),
  limitMs = READY_CHECK_MS_MAX,
): Promise<Missing | undefined> {
  try {
    const journal = journalSchema.parse(
      JSON.parse(await readFile(join(folder, "meta/_journal.json"), "utf8")),
    );
    const expected = Math.max(...journal.entries.map((entry) => entry.when));
    const newest = await Promise.race([
      findNewestMigrationMs(connect()),
      delay(limitMs, "silent" as const, { ref: false }),
    ]);
    if (newest === "silent") return { what: "database" };
    return newest !== undefined && newest >= expected ? undefined : { what: "migrations" };
  } catch (cause) {
    return { what: "database", cause };
  }
}

/** What a load balancer is told. `degraded`: it serves, and not all of it. */
export type Readiness =
  | { status: "ready"; degraded?: "database" }
  | { status: "not-ready"; missing: Missing["what"] | "stopping" };

export type ReadinessOptions = {
  check?: (limitMs: number) => Promise<Missing | undefined>;
  /** Rejects while this process has never seen the registry. */
  whenCurrent?: () => Promise<void>;
};

/**
 * Whether requests should come to this process. It has to have had its database once, with the schema
 * that it expects; from then on it answers by the last picture of its workers while the database is away, and
 * is to be left in service: all replicas lose the database in the same moment, and a load balancer that
 * took them all out would make an outage of what is a restart of Postgres.
 */
export class ReadinessCheck {
  readonly #check: (limitMs: number) => Promise<Missing | undefined>;
  readonly #whenCurrent: () => Promise<void>;
  #wasReady = false;
  #isStopping = false;
  #told = "";

  constructor({
    check = (limitMs) => findMissing(undefined, undefined, limitMs),
    whenCurrent = async () => await controller().whenCurrent(),
  }: ReadinessOptions = {}) {
    this.#check = check;
    this.#whenCurrent = whenCurrent;
  }

  /** From now on nothing new should come. */
  stop(): void {
    this.#isStopping = true;
  }

  async ask(): Promise<Readiness> {
    if (this.#isStopping) return { status: "not-ready", missing: "stopping" };
    const missing = await this.#check(this.#wasReady ? READY_AGAIN_MS_MAX : READY_CHECK_MS_MAX);
    const readiness = await this.#judge(missing);
    // Probes ask every few seconds; what has not changed is told once.
    const told = JSON.stringify(readiness);
    if (told !== this.#told && missing !== undefined) {
      log.warn({ ...readiness, err: missing.cause }, "not all is there");
    }
    this.#told = told;
    return readiness;
  }

  async #judge(missing: Missing | undefined): Promise<Readiness> {
    if (missing === undefined) {
      this.#wasReady = true;
      return { status: "ready" };
    }
    const { what } = missing;
    const mayGoOn = what === "database" && this.#wasReady && (await this.#hasPicture());
    return mayGoOn ? { status: "ready", degraded: what } : { status: "not-ready", missing: what };
  }

  async #hasPicture(): Promise<boolean> {
    try {
      await this.#whenCurrent();
      return true;
    } catch {
      // Its reason is the database's absence, which is told already.
      return false;
    }
  }
}

/** The one of this process. */
export function readiness(): ReadinessCheck {
  return processSingleton("readiness", () => new ReadinessCheck());
}
