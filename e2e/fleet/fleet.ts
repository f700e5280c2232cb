import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { NetConnectOpts } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  readonly logFolder: string;
  readonly #options: FleetOptions;
  readonly #front: Link;
  readonly #onExit = () => this.#endNow();
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
    const { slots = 32, webOfWorker, workerPorts, workerClockShiftMs } = this.#options;
    const port = workerPorts?.[index] ?? (await freePort());
    const web = webOfWorker?.(index);
    const controller =
      web === undefined ? `http://127.0.0.1:${this.#front.port}` : (this.webs[web]?.url ?? "");
    const shiftMs = workerClockShiftMs?.(index) ?? 0;
    const member = {
      ...{ port, address: `http://127.0.0.1:${port}` },
      process: new FleetProcess({
        ...this.#program("worker", `worker ${index + 1}`),
        words: [
          ...["--kind", "mock", "--model", FLEET_MODEL, "--slots", String(slots)],
          ...["--port", String(port), "--controller", controller, "--name", `worker ${index + 1}`],
        ],
        env: this.#environment({ FLEET_CLOCK_SHIFT_MS: String(shiftMs) }),
        preloads: shiftMs === 0 ? [] : [join(ROOT, "e2e/fleet/preload-clock.mjs")],
        readyMessage: "registered",
      }),
    };
    this.workers.push(member);
    await member.process.start();
    return member;
  }

  async stop(): Promise<void> {
    try {
      this.database.thaw();
      await Promise.all(this.#processes().map((it) => it.kill()));
      await this.database.stop();
    } finally {
      this.#endNow();
      for (const link of [this.#front, ...this.webs.map((it) => it.toDatabase)]) link.close();
      rmSync(this.folder, { recursive: true, force: true });
      process.off("exit", this.#onExit);
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(signal, this.#onSignal);
    }
  }

  async #addWeb(index: number): Promise<void> {
    const port = await freePort();
    const toDatabase = new Link(() => [{ path: this.database.socketPath }]);
    await toDatabase.open();
    const { webClockShiftMs, reroutesOfWeb } = this.#options;
    const shiftMs = webClockShiftMs?.(index) ?? 0;
    const reroutes = reroutesOfWeb?.(index);
    this.webs.push({
      ...{ port, url: `http://127.0.0.1:${port}`, toDatabase },
      process: new FleetProcess({
        ...this.#program("server", `web ${index + 1}`),
        words: [],
        env: this.#environment({
          PORT: String(port),
          DATABASE_URL: `postgres://postgres@127.0.0.1:${toDatabase.port}/postgres`,
          PARLEY_ADMIN_TOKEN: FLEET_SECRETS.admin,
          PARLEY_SECRET: FLEET_SECRETS.cookies,
          FLEET_CLOCK_SHIFT_MS: String(shiftMs),
          FLEET_REROUTE: JSON.stringify(reroutes ?? {}),
        }),
        preloads: [
          ...(shiftMs === 0 ? [] : [join(ROOT, "e2e/fleet/preload-clock.mjs")]),
          ...(reroutes ? [join(ROOT, "e2e/fleet/preload-reroute.mjs")] : []),
        ],
        readyMessage: "listening",
      }),
    });
  }

  #program(program: string, name: string) {
    const logPath = join(this.logFolder, `${name.replace(" ", "-")}.log`);
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
    return [...this.workers, ...this.webs].map((it) => it.process);
  }

  #endNow(): void {
    for (const it of this.#processes()) it.endNow();
    this.database.endNow();
  }
}
