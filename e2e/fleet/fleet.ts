import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { NetConnectOpts } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@/lib/db/connect";
import { envSchema } from "@/lib/env";
import { freePort, ROOT } from "../platform";
import { FleetDatabase } from "./fleet-database";
import { FleetProcess } from "./fleet-process";
import { Link } from "./link";

/** The model that every worker of a fleet offers: it repeats the last message, 20 ms a token. */
export const FLEET_MODEL = "mock/paced";

export const FLEET_SECRETS = {
  worker: "fleet-worker-secret",
  admin: "fleet-admin-token",
  cookies: "fleet-cookie-secret",
} as const;

export type WebMember = { process: FleetProcess; url: string; port: number; toDatabase: Link };
export type WorkerMember = { process: FleetProcess; address: string; port: number };
export type ChildMember = { web: WebMember; worker: WorkerMember };

type WebParts = {
  name: string;
  database: string;
  isChild?: boolean;
  clockShiftMs?: number | undefined;
  reroutes?: Record<number, number> | undefined;
};

type WorkerParts = {
  name: string;
  controllerUrl: string;
  port?: number | undefined;
  clockShiftMs?: number | undefined;
};

const CLOCK = join(ROOT, "e2e/fleet/preload-clock.mjs");

export type FleetOptions = {
  webCount?: number;
  workerCount?: number;
  /** Requests that one worker runs at once. */
  slots?: number;
  /** Milliseconds by which the calendar of a web process or worker is off, by its index. */
  webClockShiftMs?: (index: number) => number;
  workerClockShiftMs?: (index: number) => number;
  /** The web process that a worker speaks to; unless given, whichever is up, as behind a load balancer. */
  webOfWorker?: (index: number) => number | undefined;
  /** Ports of this machine that a web process reaches by another one. */
  reroutesOfWeb?: (index: number) => Record<number, number>;
  /** Ports of the workers, where a test has to know them before. */
  workerPorts?: number[];
  /** Folder for what the processes print; unless given, it goes with the rest of the fleet. */
  logFolder?: string | undefined;
};

/**
 * Several web processes, workers and a database as on several machines: nobody starts again what ends,
 * save who tests. The API is open on loopback. Ended in whatever way, this process leaves none of them.
 */
export class Fleet {
  readonly folder = mkdtempSync(join(tmpdir(), "parley-fleet-"));
  readonly database = new FleetDatabase(join(this.folder, "data"));
  readonly webs: WebMember[] = [];
  readonly workers: WorkerMember[] = [];
  child: ChildMember | undefined;
  readonly logFolder: string;
  readonly #options: FleetOptions;
  readonly #front: Link;
  readonly #links: Link[] = [];
  readonly #onExit = () => {
    this.#endNow();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  };
  readonly #onSignal = () => process.exit(130);
  #turn = 0;

  constructor(options: FleetOptions = {}) {
    this.#options = options;
    this.#front = new Link(() => this.#websInTurn());
    this.logFolder = options.logFolder ?? join(this.folder, "logs");
    mkdirSync(this.logFolder, { recursive: true });
    process.on("exit", this.#onExit);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, this.#onSignal);
  }

  /** Resolves when all are up and every web process sees every worker. */
  async start(): Promise<void> {
    const { webCount = 2, workerCount = 3 } = this.#options;
    await Promise.all([this.database.start(), this.#front.open()]);
    for (let index = 0; index < webCount; index++) await this.#addWeb(index);
    await Promise.all(this.webs.map((it) => it.process.start()));
    for (let index = 0; index < workerCount; index++) await this.addWorker();
  }

  /** One more worker; resolves when it has registered. */
  async addWorker(): Promise<WorkerMember> {
    const index = this.workers.length;
    const { webOfWorker, workerPorts, workerClockShiftMs } = this.#options;
    const web = this.webs[webOfWorker?.(index) ?? -1];
    const member = await this.#makeWorker({
      name: `worker ${index + 1}`,
      controllerUrl: web?.url ?? this.#frontUrl,
      port: workerPorts?.[index],
      clockShiftMs: workerClockShiftMs?.(index),
    });
    this.workers.push(member);
    await member.process.start();
    return member;
  }

  /**
   * Another Parley with a worker of its own, which registers as a worker at this one; resolves when both are
   * up. Its database is another one of the same server.
   */
  async addChild(): Promise<ChildMember> {
    const sql = connect(this.database.url, { connectionsMax: 1 });
    try {
      await sql.unsafe("create database child");
    } finally {
      await sql.end({ timeout: 5 });
    }
    const web = await this.#makeWeb({ name: "child", database: "child", isChild: true });
    const worker = await this.#makeWorker({ name: "child's worker", controllerUrl: web.url });
    this.child = { web, worker };
    await web.process.start();
    await worker.process.start();
    return this.child;
  }

  async stop(): Promise<void> {
    try {
      this.database.thaw();
      await Promise.all(this.#processes().map((it) => it.kill()));
      await this.database.stop();
    } finally {
      this.#endNow();
      for (const link of [this.#front, ...this.#links]) link.close();
      rmSync(this.folder, { recursive: true, force: true });
      process.off("exit", this.#onExit);
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(signal, this.#onSignal);
    }
  }

  async #addWeb(index: number): Promise<void> {
    const { webClockShiftMs, reroutesOfWeb } = this.#options;
    const name = `web ${index + 1}`;
    const parts = { clockShiftMs: webClockShiftMs?.(index), reroutes: reroutesOfWeb?.(index) };
    this.webs.push(await this.#makeWeb({ name, database: "postgres", ...parts }));
  }

  async #makeWeb({ name, database, isChild, clockShiftMs = 0, reroutes }: WebParts) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const toDatabase = new Link(() => [{ path: this.database.socketPath }]);
    await toDatabase.open();
    this.#links.push(toDatabase);
    const parent = {
      PARLEY_PARENT_URL: this.#frontUrl,
      PARLEY_PARENT_SECRET: FLEET_SECRETS.worker,
      PARLEY_PARENT_ADDRESS: url,
    };
    const process = new FleetProcess({
      ...this.#program("server", name),
      words: [],
      env: this.#environment({
        PORT: String(port),
        DATABASE_URL: `postgres://postgres@127.0.0.1:${toDatabase.port}/${database}`,
        PARLEY_ADMIN_TOKEN: FLEET_SECRETS.admin,
        PARLEY_SECRET: FLEET_SECRETS.cookies,
        FLEET_CLOCK_SHIFT_MS: String(clockShiftMs),
        FLEET_REROUTE: JSON.stringify(reroutes ?? {}),
        ...(isChild ? parent : {}),
      }),
      preloads: [
        ...(clockShiftMs === 0 ? [] : [CLOCK]),
        ...(reroutes ? [join(ROOT, "e2e/fleet/preload-reroute.mjs")] : []),
      ],
      readyMessage: "listening",
    });
    return { port, url, toDatabase, process };
  }

  async #makeWorker(parts: WorkerParts): Promise<WorkerMember> {
    const { name, controllerUrl, clockShiftMs = 0, port = await freePort() } = parts;
    const { slots = 32 } = this.#options;
    const process = new FleetProcess({
      ...this.#program("worker", name),
      words: [
        ...["--kind", "mock", "--model", FLEET_MODEL, "--slots", String(slots)],
        ...["--port", String(port), "--controller", controllerUrl, "--name", name],
      ],
      env: this.#environment({ FLEET_CLOCK_SHIFT_MS: String(clockShiftMs) }),
      preloads: clockShiftMs === 0 ? [] : [CLOCK],
      readyMessage: "registered",
    });
    return { port, address: `http://127.0.0.1:${port}`, process };
  }

  get #frontUrl(): string {
    return `http://127.0.0.1:${this.#front.port}`;
  }

  #program(program: string, name: string) {
    const logPath = join(this.logFolder, `${name.replace(/\W+/g, "-")}.log`);
    return { name, program: join(ROOT, `dist/${program}.mjs`), logPath };
  }

  #environment(variables: Record<string, string>): NodeJS.ProcessEnv {
    // A developer's own .env and environment stay out: an empty variable counts as not set.
    const unset = Object.fromEntries(Object.keys(envSchema.shape).map((name) => [name, ""]));
    return {
      ...process.env,
      ...unset,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      PARLEY_WORKER_SECRET: FLEET_SECRETS.worker,
      PARLEY_DRAIN_SECONDS: "5",
      ...variables,
    };
  }

  /** Those that are up, from another one each time. */
  #websInTurn(): NetConnectOpts[] {
    const up = this.webs.filter((it) => it.process.isUp);
    const turn = this.#turn++ % Math.max(1, up.length);
    return [...up.slice(turn), ...up.slice(0, turn)].map(({ port }) => {
      return { host: "127.0.0.1", port };
    });
  }

  #processes(): FleetProcess[] {
    const { child } = this;
    const ofChild = child ? [child.worker, child.web] : [];
    return [...this.workers, ...this.webs, ...ofChild].map((it) => it.process);
  }

  #endNow(): void {
    for (const it of this.#processes()) it.endNow();
    this.database.endNow();
  }
}
