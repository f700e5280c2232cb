import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import * as z from "zod";
import { AppError } from "@/lib/errors";
import { HUB_LOCK_BEAT_MS, HUB_LOCK_SILENT_MS } from "@/lib/hub-limits";
import { isAlive } from "@/lib/util/is-alive";
import { wait } from "@/lib/util/wait";

/**
 * One process at a time brings a model. The lock says who holds it. A process that sees the holder's asks the system
 * whether it lives: its id and when it began, since ids are given again. One in another container or on another
 * machine, where the same id is another process, looks whether the lock still beats.
 */

const ownerSchema = z.object({
  /** Where process ids mean the same. */
  place: z.string(),
  pid: z.number().int().positive(),
  /** In ticks since the machine started; null where the system does not tell. */
  began: z.string().nullable(),
  id: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

export type FolderLockOptions = {
  path: string;
  signal: AbortSignal;
  silentMsMax?: number;
};

/**
 * Resolves with what gives the lock back.
 *
 * @throws AppError `conflict` where another process holds it.
 */
export async function lockFolder(options: FolderLockOptions): Promise<() => Promise<void>> {
  const { path } = options;
  const own: Owner = {
    ...{ place: toPlace(), pid: process.pid, began: beganAt(process.pid), id: randomUUID() },
  };
  const text = JSON.stringify(own);
  for (;;) {
    if (await create(path, text)) break;
    const found = await readFile(path, "utf8").catch(() => undefined);
    if (found === undefined) continue;
    if (await isHeld(found, options)) throw heldBy(parse(found));
    await takeAway(path, found);
  }
  const timer = setInterval(() => {
    const now = new Date();
    // One that is gone is noticed where it is given back.
    utimes(path, now, now).catch(() => undefined);
  }, HUB_LOCK_BEAT_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    const isOwn = (await readFile(path, "utf8").catch(() => undefined)) === text;
    if (isOwn) await rm(path, { force: true });
  };
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(path, "wx");
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function isHeld(
  text: string,
  { path, signal, silentMsMax = HUB_LOCK_SILENT_MS }: FolderLockOptions,
): Promise<boolean> {
  const owner = parse(text);
  if (owner?.place === toPlace()) {
    return isAlive(owner.pid) && beganAt(owner.pid) === owner.began;
  }
  // No clock is compared: the two may be of different machines.
  const first = await beatOf(path);
  const pauseMs = Math.ceil(silentMsMax / 10);
  for (let waitedMs = 0; waitedMs < silentMsMax; waitedMs += pauseMs) {
    await wait(pauseMs, signal);
    const now = await beatOf(path);
    if (now === undefined) return false;
    if (now !== first) return true;
  }
  return false;
}

const beatOf = async (path: string) => (await stat(path).catch(() => undefined))?.mtimeMs;

/** Removes a lock that nobody holds, unless somebody else has done so and holds the next one already. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    // It is gone; whoever was faster is met at the next look.
    return;
  }
  const isRight = (await readFile(aside, "utf8").catch(() => undefined)) === text;
  if (!isRight) await rename(aside, path);
  else await rm(aside, { force: true });
}

function parse(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Somebody is about to write it, or was ended doing so.
    return undefined;
  }
}

function heldBy(owner: Owner | undefined): AppError {
  const who =
    owner?.place === toPlace()
      ? `Process ${owner.pid}`
      : "A process of another machine or container";
  return new AppError("conflict", {
    message: `${who} is bringing this model already. Wait for it, or end it and run the same again.`,
    retryAfterSeconds: HUB_LOCK_SILENT_MS / 1_000,
  });
}

/** The machine, since when it runs, and the space of its process ids. */
function toPlace(): string {
  let space = "";
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    space = `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // No Linux: one space a machine.
  }
  return `${hostname()} ${space}`.trim();
}

/** The 22nd field of proc(5)'s stat, counted behind the name, which may hold blanks. */
function beganAt(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
