import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findModelFolders } from "@/lib/config/model-folders";
import { env, explainOpenHost, type SettingName } from "@/lib/env";
import { LAUNCHER_DRAIN_MS_MAX, SAME_SIGNAL_MS } from "@/lib/limits";
import { EXIT_CODES, StartError, toStartError } from "@/lib/util/start-error";
import { watchParents } from "@/lib/util/watch-parents";
import { type Claim, claimDataDir } from "./launcher/claim";
import { Database } from "./launcher/database";
import { ExternalWorker } from "./launcher/external-worker";
import { Output } from "./launcher/output";
import { readSecrets, type Secrets } from "./launcher/secrets";
import { Supervised } from "./launcher/supervised";
import { visitRoutes } from "./launcher/visit-routes";
import { waitUntilReady } from "./launcher/wait-until-ready";

/**
 * What `npm start` becomes: the parent of the database, the web process and the workers. It starts
 * them, starts again what dies, and stops them all. It does no work of its own, so it has little to die of.
 */
export async function launch({ isDev }: { isDev: boolean }): Promise<void> {
  let launcher: Launcher | undefined;
  try {
    launcher = new Launcher(isDev);
    await launcher.start();
  } catch (error) {
    // Stopped while it was starting: `stop` ends the process when all children have.
    if (launcher?.isStopping) return;
    const known = toStartError(error, dataDirOf());
    process.stderr.write(`${known ? known.line : stackOf(error)}\n`);
    await launcher?.stop(known ? EXIT_CODES.needsPerson : 1);
    process.exit(known ? EXIT_CODES.needsPerson : 1);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function dataDirOf(): string {
  return process.env.PARLEY_DATA_DIR || ".parley";
}

/** What children get from here, whether a person or this launcher made it. */
const HANDED_SECRETS: readonly SettingName[] = [
  ...(["DATABASE_URL", "PARLEY_ADMIN_TOKEN", "PARLEY_SECRET", "PARLEY_WORKER_SECRET"] as const),
];

class Launcher {
  readonly #startedAt = performance.now();
  readonly #isDev: boolean;
  readonly #settings = env();
  readonly #claim: Claim;
  readonly #output: Output;
  readonly #secrets: Secrets;
  #database: Database | undefined;
  #web: Supervised | undefined;
  #workers: Supervised[] = [];
  #external: ExternalWorker | undefined;
  /** External models that are switched on, as the web process counts them. */
  #externalModels = 0;
  readonly #stopping = new AbortController();

  constructor(isDev: boolean) {
    this.#isDev = isDev;
    const { PARLEY_DATA_DIR } = this.#settings;
    const unsafe = explainOpenHost(this.#settings);
    if (unsafe) throw unsafe;
    this.#claim = claimDataDir(PARLEY_DATA_DIR);
    this.#output = new Output(join(PARLEY_DATA_DIR, "logs"));
    this.#secrets = readSecrets(PARLEY_DATA_DIR);
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  get #drainMsMax(): number {
    const { PARLEY_DRAIN_SECONDS: seconds } = this.#settings;
    return seconds === undefined ? LAUNCHER_DRAIN_MS_MAX : seconds * 1_000;
  }

  async start(): Promise<void> {
    this.#stopOnSignals();
    const databaseUrl = await this.#startDatabase();
    const shared: NodeJS.ProcessEnv = {
      ...process.env,
      NODE_ENV: this.#isDev ? "development" : "production",
      NEXT_TELEMETRY_DISABLED: "1",
      PARLEY_DRAIN_SECONDS: String(this.#drainMsMax / 1_000),
      PARLEY_WORKER_SECRET: this.#settings.PARLEY_WORKER_SECRET ?? this.#secrets.workerSecret,
      // Read here already; a child would meet the secret and the name of its file at once.
      ...Object.fromEntries(HANDED_SECRETS.map((name) => [`${name}_FILE`, ""])),
    };
    const port = await this.#startWeb({ ...shared, DATABASE_URL: databaseUrl });
    const url = `http://${reachable(this.#settings.HOST)}:${port}`;
    this.#claim.update({ url, databaseUrl });
    if (this.#isDev) {
      await this.#output.step("Compiling the first routes", () => visitRoutes(url));
      await this.#restartOnChange();
    }
    this.#startWorkers(url, shared);
    this.#external = this.#createExternal(url, shared);
    this.#external.want(this.#externalModels > 0);
    const models = await this.#output.step("Loading the models", () =>
      waitUntilReady({
        url,
        workers: this.#workers,
        signal: this.#stopping.signal,
      }),
    );
    this.#printReady(url, models);
  }

  async #startDatabase(): Promise<string> {
    const { DATABASE_URL, PARLEY_DATA_DIR } = this.#settings;
    if (DATABASE_URL) return DATABASE_URL;
    this.#database = new Database({
      dataDir: PARLEY_DATA_DIR,
      output: this.#output,
      onStart: () => this.#publishChildren(),
    });
    const database = this.#database;
    return await this.#output.step("Starting the database", () => database.start());
  }

  async #startWeb(variables: NodeJS.ProcessEnv): Promise<number> {
    let announce: (port: number) => void = () => {};
    let refuse: (error: Error) => void = () => {};
    const listening = new Promise<number>((settle, fail) => {
      announce = settle;
      refuse = fail;
    });
    let port = this.#settings.PORT;
    this.#web = new Supervised({
      name: "web",
      program: "dist/server.mjs",
      words: () => (this.#isDev ? ["--dev"] : []),
      env: () => ({
        ...variables,
        // A port that was given to us stays ours over a restart.
        PORT: String(port),
        PARLEY_ADMIN_TOKEN: this.#settings.PARLEY_ADMIN_TOKEN ?? this.#secrets.adminToken,
        PARLEY_SECRET: this.#settings.PARLEY_SECRET ?? this.#secrets.cookieSecret,
      }),
      drainMsMax: this.#drainMsMax,
      output: this.#output,
      onStart: () => this.#publishChildren(),
      onMessage: (message) => {
        if (message.type === "external-models") this.#countExternal(message.count);
        if (message.type !== "listening" || typeof message.port !== "number") return;
        port = message.port;
        announce(port);
      },
      onGivenUp: (line) => {
        refuse(new StartError({ message: line, remedy: "" }));
      },
    });
    const web = this.#web;
    return await this.#output.step("Starting the web server", () => {
      web.start();
      return listening;
    });
  }

  /**
   * One process a model: a model that crashes or swells takes no other with it, and each can be
   * restarted alone. Cores are divided, since two pools of threads on one core slow both down.
   */
  #startWorkers(url: string, variables: NodeJS.ProcessEnv): void {
    const { PARLEY_MODELS, PARLEY_WORKER_THREADS, PARLEY_DATA_DIR } = this.#settings;
    const folders = findModelFolders(PARLEY_MODELS);
    if (folders.length === 0) {
      this.#output.warn(
        `No model folder in ${PARLEY_MODELS}: pages work, but nothing answers. Put a folder with config.json there, or run \`npx parley worker --model <folder>\`.`,
      );
    }
    const share = Math.max(1, Math.floor(availableParallelism() / Math.max(1, folders.length)));
    this.#workers = folders.map(
      ({ name, path }) =>
        new Supervised({
          name: `worker ${name}`,
          program: "dist/worker.mjs",
          words: () => [
            ...["--kind", "onnx", "--model", path, "--name", name, "--controller", url],
            ...["--host", "127.0.0.1", "--port", "0"],
            ...["--threads", String(PARLEY_WORKER_THREADS || share)],
            ...["--graph-cache", join(PARLEY_DATA_DIR, "graphs")],
          ],
          env: () => variables,
          drainMsMax: this.#drainMsMax,
          output: this.#output,
          onStart: () => this.#publishChildren(),
        }),
    );
    for (const worker of this.#workers) worker.start();
  }

  #createExternal(url: string, variables: NodeJS.ProcessEnv): ExternalWorker {
    return new ExternalWorker({
      name: "worker external",
      program: "dist/worker.mjs",
      words: () => [
        ...["--kind", "external", "--name", "external models", "--controller", url],
        ...["--host", "127.0.0.1", "--port", "0"],
      ],
      env: () => variables,
      drainMsMax: this.#drainMsMax,
      output: this.#output,
      onStart: () => this.#publishChildren(),
    });
  }

  /** From the first one on there is a worker of theirs; with the last one it ends. */
  #countExternal(count: unknown): void {
    if (typeof count !== "number") return;
    this.#externalModels = count;
    this.#external?.want(count > 0);
  }

  #publishChildren(): void {
    const children: Record<string, number> = {};
    if (this.#database?.pid) children.database = this.#database.pid;
    for (const child of [this.#web, ...this.#workers, this.#external?.child]) {
      if (child?.pid) children[child.name] = child.pid;
    }
    this.#claim.update({ children });
  }

  async #restartOnChange(): Promise<void> {
    // A path and not a name, so that esbuild, which this file watches with, is not bundled into it.
    const path = pathToFileURL(join(process.cwd(), "scripts/bundle.mjs")).href;
    // scripts/bundle.mjs exports exactly this.
    const { watchBundles } = (await import(path)) as {
      watchBundles(onChange: (program: string) => void): Promise<unknown>;
    };
    await watchBundles((program) => {
      if (program === "server") this.#web?.restart();
      if (["worker", "engine-thread", "grammar-thread"].includes(program)) {
        for (const worker of [...this.#workers, this.#external?.child]) worker?.restart();
      }
    });
  }

  #printReady(url: string, models: string[]): void {
    const token = this.#settings.PARLEY_ADMIN_TOKEN
      ? "as set in PARLEY_ADMIN_TOKEN"
      : this.#secrets.adminToken;
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    this.#output.print(
      [
        "",
        `  Parley is ready (${seconds} s)`,
        "",
        `  Open         ${url}`,
        `  Models       ${models.join(", ") || "none yet"}`,
        `  Admin        ${url}/admin`,
        `  Admin token  ${token}`,
        `  Log          ${this.#output.path}`,
        "",
        "  Ctrl-C stops everything.",
        "",
      ].join("\n"),
    );
  }

  #stopOnSignals(): void {
    let toldAt = Number.NEGATIVE_INFINITY;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        // npm passes on a Ctrl-C that the terminal has sent us already.
        const isSame = performance.now() - toldAt < SAME_SIGNAL_MS;
        if (!this.isStopping) void this.stop(0);
        else if (!isSame) this.#hurry();
        toldAt = performance.now();
      });
    }
    watchParents(() => void this.stop(0));
  }

  #hurry(): void {
    for (const child of [...this.#workers, this.#external?.child, this.#web]) child?.kill();
  }

  /** Workers first, while there is a web process to take leave of; the database last, when nobody uses it. */
  async stop(code: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    const say = (text: string) => {
      // A start that failed has had its one line.
      if (code === 0) this.#output.print(text);
    };
    const seconds = this.#drainMsMax / 1_000;
    say(`  Stopping. Running answers have ${seconds} s to finish; a second Ctrl-C cuts them.`);
    await Promise.all([...this.#workers.map((it) => it.stop()), this.#external?.stop()]);
    await this.#web?.stop();
    await this.#database?.stop();
    this.#claim.release();
    say("  Stopped.");
    this.#output.close();
    process.exit(code);
  }
}

/** An address to connect to, for one that means "every address". */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
