import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/lib/db/embedded";
import { isAlive } from "@/lib/util/is-alive";

/**
 * The one database of a fleet: the server that comes with Parley, which tests stop, kill, freeze and start
 * again on the same folder. Durable as in production, since what outlives a kill is what is tested.
 */
export class FleetDatabase {
  readonly #dataDir: string;
  #server: EmbeddedPostgres | undefined;
  #frozen: number[] = [];
  /** Since when it answers; `Infinity` while it does not. By performance.now(). */
  upSinceMs = Number.POSITIVE_INFINITY;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Set once it was started; the same over all its lives. */
  get url(): string {
    if (!this.#server) throw new Error("The database was not started.");
    return this.#server.url;
  }

  /** The path of its Unix socket. */
  get socketPath(): string {
    const folder = new URL(this.url).searchParams.get("host") ?? "";
    return join(folder, ".s.PGSQL.5432");
  }

  get upMs(): number {
    return Math.max(0, performance.now() - this.upSinceMs);
  }

  async start(): Promise<void> {
    this.#server = await startEmbeddedPostgres({ dataDir: this.#dataDir });
    this.upSinceMs = performance.now();
  }

  /** A fast shutdown, as by an operator. */
  async stop(): Promise<void> {
    this.thaw();
    this.upSinceMs = Number.POSITIVE_INFINITY;
    await this.#server?.stop();
  }

  /** SIGKILL to the server and to each of its processes. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.endNow();
    await server?.exited;
  }

  /** Everything of it stands still: connections stay open and nothing is answered. */
  freeze(): void {
    const { pid } = this.#server ?? {};
    if (pid === undefined) return;
    this.upSinceMs = Number.POSITIVE_INFINITY;
    // The postmaster first, so that it starts no process that would be missed.
    process.kill(pid, "SIGSTOP");
    this.#frozen = [pid, ...childrenOf(pid)];
    for (const id of this.#frozen.slice(1)) send(id, "SIGSTOP");
  }

  thaw(): void {
    if (this.#frozen.length === 0) return;
    for (const id of this.#frozen.toReversed()) send(id, "SIGCONT");
    this.#frozen = [];
    this.upSinceMs = performance.now();
  }

  /** `kill` without waiting. */
  endNow(): void {
    const { pid } = this.#server ?? {};
    this.upSinceMs = Number.POSITIVE_INFINITY;
    if (pid === undefined || !isAlive(pid)) return;
    const all = [pid, ...childrenOf(pid)];
    this.#frozen = [];
    for (const id of all) send(id, "SIGKILL");
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself in the meantime.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Where the system has no /proc it tells of none: a frozen postmaster alone hangs for new connections only. */
function childrenOf(parent: number): number[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  return entries.filter((it) => /^\d+$/.test(it) && parentOf(it) === parent).map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name in brackets: state, then the parent.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // It has ended since the folder was read.
    return undefined;
  }
}
