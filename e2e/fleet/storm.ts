import type { Random } from "@/lib/util/random";
import { wait } from "@/lib/util/wait";
import type { Fleet } from "./fleet";

/** What befalls one member of a fleet: SIGKILL and a new life, SIGSTOP and SIGCONT, or SIGTERM and a new life. */
export type Blow = {
  atMs: number;
  kind: "kill" | "freeze" | "restart";
  /** `database`, or the name of a process. */
  target: string;
  /** Until it is started again or let go on. */
  downMs: number;
};

export type StormOptions = {
  random: Random;
  durationMs: number;
  webCount: number;
  workerCount: number;
  /** Mean pause between two blows. */
  pauseMs?: number;
};

/** How long each takes from its new start until it is whole, on a busy machine. */
const SETTLE_MS = { web: 6_000, worker: 4_000, database: 4_000 };
/** A restart waits for the answers that run: PARLEY_DRAIN_SECONDS of a fleet, and what the end takes. */
const DRAIN_MS = 6_000;
const KINDS = ["kill", "kill", "freeze", "restart"] as const;
/** Workers are hit most, as there are most of them. */
const ROLES = ["worker", "worker", "worker", "web", "web", "database"] as const;

type Role = keyof typeof SETTLE_MS;

/**
 * The blows of a storm, by its random numbers alone. At every moment one web process and one worker are
 * spared, since somebody has to be there to keep the promises.
 */
export function planStorm(options: StormOptions): Blow[] {
  const { random, durationMs, webCount, workerCount, pauseMs = 1_500 } = options;
  const spared: Record<Role, number> = { web: webCount - 1, worker: workerCount - 1, database: 1 };
  const counts: Record<Role, number> = { web: webCount, worker: workerCount, database: 1 };
  const blows: (Blow & { role: Role; wholeMs: number })[] = [];
  let atMs = 1_000;
  for (;;) {
    atMs += pauseMs * (0.4 + 1.2 * random());
    const role = pick(ROLES, random);
    const kind = pick(KINDS, random);
    const number = 1 + Math.floor(random() * counts[role]);
    const target = role === "database" ? role : `${role} ${number}`;
    const downMs = Math.round((kind === "freeze" ? 500 : 100) + random() * 4_000);
    const drainMs = kind === "restart" ? DRAIN_MS : 0;
    const wholeMs = atMs + drainMs + downMs + SETTLE_MS[role];
    // What is hit has time to come back before the end.
    if (atMs > durationMs - 3_000) return blows.map(({ role: _, wholeMs: __, ...blow }) => blow);
    const down = blows.filter((it) => it.role === role && it.wholeMs > atMs);
    if (down.length >= spared[role] || down.some((it) => it.target === target)) continue;
    blows.push({ atMs: Math.round(atMs), kind, target, downMs, role, wholeMs });
  }
}

function pick<T>(values: readonly T[], random: Random): T {
  // A random number is below 1, and no list here is empty.
  return values[Math.floor(random() * values.length)] as T;
}

/** A time in which a member was not whole, by performance.now(). */
export type Outage = {
  target: string;
  kind: Blow["kind"];
  fromMs: number;
  /** Until it was up again. */
  untilMs: number;
};

/**
 * Deals the blows; resolves when the last one that was hit is up again. On a machine that is slower than the
 * plan allows for, one who is not up yet, or the last one of his kind who is, is left in peace.
 */
export async function dealBlows(
  fleet: Fleet,
  blows: readonly Blow[],
  tell: (blow: Blow, isDealt: boolean) => void,
): Promise<Outage[]> {
  const beganMs = performance.now();
  const outages: Outage[] = [];
  const running: Promise<void>[] = [];
  for (const blow of blows) {
    await wait(Math.max(0, beganMs + blow.atMs - performance.now()));
    const isDealt = canDeal(fleet, blow);
    tell(blow, isDealt);
    if (!isDealt) continue;
    const outage = { ...blow, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
    outages.push(outage);
    const dealt = deal(fleet, blow).then(() => {
      outage.untilMs = performance.now();
    });
    // Heard below, with all of them.
    dealt.catch(() => undefined);
    running.push(dealt);
  }
  await Promise.all(running);
  return outages;
}

function canDeal({ database, webs, workers }: Fleet, { target }: Blow): boolean {
  if (target === "database") return database.upMs > 0;
  const peers = target.startsWith("web") ? webs : workers;
  const up = peers.filter((it) => it.process.isUp);
  return up.length > 1 && up.some((it) => it.process.name === target);
}

async function deal(fleet: Fleet, { kind, target, downMs }: Blow): Promise<void> {
  const member = findMember(fleet, target);
  if (kind === "freeze") {
    member.freeze();
    await wait(downMs);
    member.thaw();
    return;
  }
  if (kind === "kill") await member.kill();
  else await member.stop();
  await wait(downMs);
  await member.start();
}

function findMember({ database, webs, workers }: Fleet, target: string) {
  if (target === "database") return database;
  const member = [...webs, ...workers].find((it) => it.process.name === target);
  if (!member) throw new Error(`The fleet has no ${target}.`);
  return member.process;
}
