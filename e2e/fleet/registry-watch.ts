import type postgres from "postgres";
import { connect } from "@/lib/db/connect";
import { HEARTBEAT_INTERVAL_MS, WORKER_STALE_AFTER_MS } from "@/lib/fleet-limits";
import { wait } from "@/lib/util/wait";
import type { Fleet, WorkerMember } from "./fleet";

/** What the registry says of one life of a worker. */
export type RegistryRow = { id: string; address: string; state: string };

const SAMPLE_INTERVAL_MS = 500;
/** A beat, its retries and a registration; the pictures and the sweep are a second each. */
const KNOWN_AFTER_MS = 2 * HEARTBEAT_INTERVAL_MS + 3_000;
const LOST_AFTER_MS = WORKER_STALE_AFTER_MS + 4_000;

/**
 * Reads the registry again and again, and notes where it contradicts the processes: two lives awake at one
 * address, a worker that has lived for long and is not ready, one that has been dead for long and is.
 */
export class RegistryWatch {
  readonly faults = new Set<string>();
  readonly #fleet: Fleet;
  readonly #sql: postgres.Sql;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #isAnswering = true;
  /** Since when it was read without a failure, by performance.now(). */
  #answersSinceMs = performance.now();
  sampleCount = 0;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#sql = connect(fleet.database.url, { connectionsMax: 1, connectTimeoutSeconds: 2 });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#sql.end({ timeout: 1 });
  }

  async read(): Promise<RegistryRow[]> {
    const rows = await this.#sql`select id, address, state from workers`;
    return rows.map((row) => ({
      id: String(row.id),
      address: String(row.address),
      state: String(row.state),
    }));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const rows = await this.read();
        if (!this.#isAnswering) this.#answersSinceMs = performance.now();
        this.#isAnswering = true;
        this.sampleCount += 1;
        this.#judge(rows);
      } catch {
        // The database is away, which is what some tests are about.
        this.#isAnswering = false;
      }
      await wait(SAMPLE_INTERVAL_MS, signal).catch(() => undefined);
    }
  }

  #judge(rows: readonly RegistryRow[]): void {
    const awake = rows.filter(({ state }) => ["starting", "ready", "draining"].includes(state));
    for (const { address } of awake) {
      if (awake.filter((it) => it.address === address).length < 2) continue;
      this.faults.add(`the registry has two lives awake at ${address}`);
    }
    // What is written is judged once everybody has had the time to write it.
    const writtenMs = Math.min(
      performance.now() - this.#answersSinceMs,
      Math.max(...this.#fleet.webs.map((it) => it.process.upMs)),
    );
    for (const worker of this.#fleet.workers) this.#judgeWorker(worker, awake, writtenMs);
  }

  #judgeWorker({ process, address }: WorkerMember, awake: RegistryRow[], writtenMs: number): void {
    const state = awake.find((it) => it.address === address)?.state;
    if (process.upMs > KNOWN_AFTER_MS && writtenMs > KNOWN_AFTER_MS && state !== "ready") {
      this.faults.add(`${process.name} lives and is ${state ?? "not awake"} in the registry`);
    }
    const { endedMs } = process;
    if (process.isRunning || endedMs === undefined || state === undefined) return;
    const deadMs = performance.now() - endedMs;
    if (deadMs > LOST_AFTER_MS && writtenMs > LOST_AFTER_MS) {
      this.faults.add(`${process.name} is dead and ${state} in the registry`);
    }
  }
}
