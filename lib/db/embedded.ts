import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { isAlive, processName } from "@/lib/util/is-alive";
import { StartError, toStartError } from "@/lib/util/start-error";
import { wait } from "@/lib/util/wait";
import { toSocketUrl } from "./connect";
import { type EmbeddedHost, findHost, makePrivateFolder, removeDrafts } from "./embedded-host";

export type EmbeddedOptions = {
  /** Folder that holds the cluster as `pg`; made when missing. */
  dataDir: string;
  /** For tests: gives durability away for speed. */
  unsafe?: boolean;
  /** Every line the server prints. */
  onLine?: (line: string) => void;
  /** Something a person should know, such as another folder than the one asked for. */
  onNotice?: (sentence: string) => void;
};

export type EmbeddedPostgres = {
  url: string;
  pid: number;
  /** Settles when the server has ended, for whatever reason, with its last lines. */
  exited: Promise<{ lines: string[] }>;
  /** Fast shutdown: running transactions are rolled back, everything committed is kept. */
  stop(): Promise<void>;
};

/** Postgres says so once it has replayed its log; our clusters speak the C locale, so the words are fixed. */
const READY = "database system is ready to accept connections";
/** `sun_path` holds 108 bytes on Linux and 104 on macOS, of which `/.s.PGSQL.5432` takes 15. */
const SOCKET_FOLDER_BYTES_MAX = 88;
/** Recovery after a crash replays at most one checkpoint's distance of log (1 GB), at disk speed. */
const START_MS_MAX = 120_000;
/** Servers whose postmaster was killed need a moment to notice it and let go of the cluster. */
const LINGERING_MS_MAX = 10_000;
const STOP_MS_MAX = 15_000;
const LINES_KEPT = 40;
/** A cluster of which not even this is free is one that cannot grow; a fresh one takes 39 MB. */
const FREE_BYTES_MIN = 32_000_000;

/**
 * Starts the PostgreSQL that comes with us on a folder, reachable through a Unix socket only.
 *
 * @throws StartError with a remedy when a person has to change something first.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  try {
    // The server's programs run in another working directory, where a relative path means another folder.
    const dataDir = resolve(options.dataDir);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const host = findHost(dataDir);
    if (host.notice) options.onNotice?.(host.notice);
    await ensureCluster(host, options);
    const socketFolder = makeSocketFolder(host, dataDir);
    const giveUpAt = Date.now() + LINGERING_MS_MAX;
    for (;;) {
      removeStaleLock(host.cluster);
      const outcome = await launch(host, socketFolder, options);
      if (!("lines" in outcome)) return outcome;
      const isLingering = outcome.lines.some((it) => it.includes("shared memory block"));
      if (!isLingering || Date.now() > giveUpAt) throw explain(outcome.lines, host.cluster);
      await wait(200);
    }
  } catch (error) {
    throw toStartError(error, options.dataDir) ?? error;
  }
}

async function ensureCluster(host: EmbeddedHost, options: EmbeddedOptions): Promise<void> {
  const versionFile = join(host.cluster, "PG_VERSION");
  if (existsSync(versionFile)) {
    const major = Number(readFileSync(versionFile, "utf8").trim());
    if (major === host.major) return;
    throw new StartError({
      message: `${host.cluster} belongs to PostgreSQL ${major}, and this version of Parley brings ${host.major}.`,
      remedy:
        "Move its content with pg_dump of the old version, or set PARLEY_DATA_DIR to a new folder.",
    });
  }
  // Made beside and renamed, so that an interrupted first start leaves nothing half-made.
  removeDrafts(host.cluster);
  const draft = `${host.cluster}.new-${process.pid}`;
  makePrivateFolder(draft, host.user);
  const flags = ["--encoding=UTF8", "--locale=C", "--auth=trust", "-U", "postgres"];
  // Independent of the locales of the machine, so that text sorts alike everywhere.
  flags.push("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions");
  if (options.unsafe) flags.push("--no-sync");
  const { code, lines } = await run(host, ["initdb", "-D", draft, ...flags], options.onLine);
  if (code !== 0) {
    rmSync(draft, { recursive: true, force: true });
    throw explain(lines, host.cluster);
  }
  renameSync(draft, host.cluster);
}

function makeSocketFolder(host: EmbeddedHost, dataDir: string): string {
  const beside = join(host.cluster, "..", "run");
  const name = createHash("sha256").update(dataDir).digest("hex").slice(0, 12);
  const folder =
    Buffer.byteLength(resolve(beside)) <= SOCKET_FOLDER_BYTES_MAX
      ? resolve(beside)
      : join(tmpdir(), `parley-${name}`);
  makePrivateFolder(folder, host.user);
  return folder;
}

/**
 * Postgres holds any process with the recorded id for its other self. After a crash of the whole machine
 * (a container restarted) that id may belong to anyone; after one of ours alone, to a server that has
 * ended and that nobody has taken note of, which in some containers nobody ever does.
 */
function removeStaleLock(cluster: string): void {
  const pid = readLockPid(cluster);
  if (pid === undefined || process.platform !== "linux") return;
  const name = processName(pid);
  // Gone altogether: Postgres sees that by itself.
  if (name === undefined) return;
  if (name !== "postgres" || !isAlive(pid)) rmSync(lockOf(cluster));
}

const lockOf = (cluster: string) => join(cluster, "postmaster.pid");

/** The process that holds the cluster by its lock; undefined where there is none. */
function readLockPid(cluster: string): number | undefined {
  const lock = lockOf(cluster);
  if (!existsSync(lock)) return undefined;
  return Number(readFileSync(lock, "utf8").split("\n")[0]);
}

function start(host: EmbeddedHost, command: string[]): ChildProcess {
  const [program = "", ...rest] = command;
  const [first = "", ...words] = [...host.prefix, join(host.binaries, "bin", program), ...rest];
  return spawn(first, words, {
    ...host.user,
    // The cluster's own parent folder may be closed to `nobody`.
    cwd: "/",
    // A Ctrl-C goes to the whole process group; the database has to outlive those who use it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function collectLines(child: ChildProcess, onLine?: (line: string) => void): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
      onLine?.(line);
    });
  }
  return lines;
}

function run(host: EmbeddedHost, command: string[], onLine?: (line: string) => void) {
  return new Promise<{ code: number | null; lines: string[] }>((settle, fail) => {
    const child = start(host, command);
    const lines = collectLines(child, onLine);
    child.once("error", fail);
    child.once("close", (code) => settle({ code, lines }));
  });
}

/** The running server, or the last lines of one that did not come up. */
async function launch(
  host: EmbeddedHost,
  socketFolder: string,
  options: EmbeddedOptions,
): Promise<EmbeddedPostgres | { lines: string[] }> {
  const settings = { ...SETTINGS, ...(options.unsafe ? UNSAFE_SETTINGS : {}) };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = start(host, ["postgres", "-D", host.cluster, "-k", socketFolder, ...flags]);
  let announceReady = () => {};
  const ready = new Promise<void>((settle) => {
    announceReady = settle;
  });
  const lines = collectLines(child, (line) => {
    if (line.includes(READY)) announceReady();
    options.onLine?.(line);
  });
  const exited = new Promise<{ lines: string[] }>((settle, fail) => {
    child.once("error", fail);
    child.once("close", () => settle({ lines }));
  });
  const tooLate = new AbortController();
  const outcome = await Promise.race([
    ready,
    exited,
    wait(START_MS_MAX, tooLate.signal).then(() => {
      child.kill("SIGQUIT");
      return { lines: [...lines, "FATAL: not ready in time"] };
    }),
  ]);
  tooLate.abort();
  const { pid } = child;
  if (outcome || pid === undefined) return outcome ?? { lines };
  if (!host.diesWithParent) startWatchdog(pid);
  return { url: toSocketUrl(socketFolder), pid, exited, stop: () => stop(child, exited) };
}

const SETTINGS = {
  // Nobody but this machine's owner of the socket's folder gets in, hence `trust`.
  listen_addresses: "",
  max_connections: 100,
  // One line for each crash or error is what the log is for; a checkpoint every five minutes is not.
  log_checkpoints: "off",
  // Without it a row that fails a check is written into the log whole, with what people wrote.
  log_error_verbosity: "terse",
  log_line_prefix: "%m ",
};

const UNSAFE_SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: 300,
};

async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill("SIGINT");
  const done = new AbortController();
  await Promise.race([
    exited,
    // Immediate shutdown: the next start replays the log, nothing committed is lost.
    wait(STOP_MS_MAX, done.signal).then(() => child.kill("SIGQUIT")),
  ]);
  done.abort();
  await exited;
}

/**
 * Where the kernel has no death signal (macOS): a process of a few megabytes that waits for our end of a
 * pipe to close, which happens however we die, and then stops the server.
 */
function startWatchdog(pid: number): void {
  const program = `process.stdin.resume().on("close", () => { try { process.kill(${pid}, "SIGINT"); } catch {} process.exit(); })`;
  const watchdog = spawn(process.execPath, ["-e", program], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
}

/** The line that says so may be long gone under those about what followed from it. */
function isFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < FREE_BYTES_MIN;
}

/** What a server or initdb that did not come up said, as a sentence for the person who started it. */
function explain(lines: string[], cluster: string): Error {
  const text = lines.join("\n");
  if (/lock file .* already exists/.test(text)) {
    const pid = readLockPid(cluster);
    return new StartError({
      message: `Another PostgreSQL${pid ? ` (process ${pid})` : ""} already runs on ${cluster}.`,
      remedy: "Stop the Parley that started it, or set PARLEY_DATA_DIR to another folder.",
    });
  }
  const code =
    [
      { pattern: /No space left on device/, code: "ENOSPC" },
      { pattern: /Disk quota exceeded/, code: "EDQUOT" },
      { pattern: /Permission denied|Operation not permitted/, code: "EACCES" },
      { pattern: /Read-only file system/, code: "EROFS" },
    ].find((it) => it.pattern.test(text))?.code ??
    (isFull(dirname(cluster)) ? "ENOSPC" : undefined);
  const said = new Error(text);
  const known = code && toStartError(Object.assign(said, { code }), cluster);
  if (known) return known;
  const fatal = lines.findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1) ?? "";
  return new StartError({
    message: `The embedded PostgreSQL did not start on ${cluster}: ${fatal.trim()}`,
    remedy: "The data folder's log has the rest; DATABASE_URL makes Parley use another server.",
    cause: said,
  });
}
