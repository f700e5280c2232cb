import * as z from "zod";
import { paths } from "@/lib/paths";
import { type AdminWorker, adminWorkersSchema } from "@/lib/protocol/arena-view";
import { DOCTOR_ASK_MS_MAX } from "@/lib/terminal-limits";
import { StartError } from "@/lib/util/start-error";
import type { StatusPlace } from "./status-place";

const modelsSchema = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      awake: z.boolean(),
      workers: z.number(),
      contextLength: z.number().nullable(),
    }),
  ),
});
const readySchema = z.object({
  status: z.string(),
  missing: z.string().optional(),
  degraded: z.string().optional(),
});

export type StatusWorker = Pick<
  AdminWorker,
  | ("name" | "kind" | "state" | "reason" | "host" | "models" | "slots" | "running")
  | ("waiting" | "waitingMax" | "tokensPerSecond" | "lastHeartbeatAt")
>;

export type Status = {
  url: string;
  ready: boolean;
  missing: string | undefined;
  /** What it does without for now. */
  degraded: string | undefined;
  models: string[];
  /** Of each model that is awake: its workers, and tokens of context; null: they do not say. */
  modelFacts: { name: string; workers: number; contextLength: number | null }[];
  /** Requests that wait in the web process for a worker; null where it does not tell us. */
  waiting: number | null;
  /** Undefined where there is no admin token to ask with, or the platform does not know it. */
  workers: StatusWorker[] | undefined;
};

/** @throws StartError where nobody answers, or what answers is no Parley. */
export async function readStatus({ url, token }: StatusPlace): Promise<Status> {
  const ready = await parseReply(await ask(url + paths.readyz), readySchema);
  // What the pages ask: the API may want a key.
  const [reply, waiting] = await Promise.all([ask(url + paths.api.models), readWaiting(url)]);
  const { models } = reply.ok ? await parseReply(reply, modelsSchema) : { models: [] };
  const awake = models.filter((it) => it.awake);
  return {
    url,
    ready: ready.status === "ready",
    missing: ready.missing,
    degraded: ready.degraded,
    models: awake.map((it) => it.name),
    modelFacts: awake.map(({ name, workers, contextLength }) => ({ name, workers, contextLength })),
    waiting,
    workers: token === undefined ? undefined : await readWorkers(url, token),
  };
}

/** Admin sessions by platform: one that is watched is asked every second, and is let in once. */
const cookies = new Map<string, string>();

async function readWorkers(url: string, token: string): Promise<Status["workers"]> {
  const cookie = cookies.get(url) ?? (await openSession(url, token));
  if (cookie === undefined) return undefined;
  const reply = await ask(url + paths.api.adminWorkers, { headers: { cookie } });
  if (!reply.ok) {
    // A platform that was started anew knows the session no more.
    cookies.delete(url);
    return undefined;
  }
  cookies.set(url, cookie);
  const { workers } = await parseReply(reply, adminWorkersSchema);
  return workers.map((it) => ({
    ...{ name: it.name, kind: it.kind, state: it.state, reason: it.reason, host: it.host },
    ...{ models: it.models, slots: it.slots, running: it.running, waiting: it.waiting },
    ...{ waitingMax: it.waitingMax, tokensPerSecond: it.tokensPerSecond },
    lastHeartbeatAt: it.lastHeartbeatAt,
  }));
}

async function openSession(url: string, token: string): Promise<string | undefined> {
  const session = await ask(url + paths.api.session, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  return session.ok ? session.headers.get("set-cookie")?.split(";")[0] : undefined;
}

/** The sum of a gauge that the web process shows (lib/gateway/gateway-metrics.ts); of one that nobody has set yet, 0. */
async function readWaiting(url: string): Promise<number | null> {
  const reply = await ask(url + paths.metrics);
  if (!reply.ok) return null;
  const text = await reply.text();
  if (!text.includes("# TYPE parley_admission_waiting ")) return null;
  const found = text.matchAll(/^parley_admission_waiting(?:\{[^}]*\})? (\d+)/gm);
  return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** @throws StartError for a page, or another program's words. */
async function parseReply<T>(reply: Response, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(await reply.json());
  } catch (cause) {
    throw new StartError({
      message: `What answers at ${new URL(reply.url).origin} is no Parley.`,
      remedy: "Name the address of one with --url.",
      cause,
    });
  }
}

async function ask(url: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(DOCTOR_ASK_MS_MAX) });
  } catch (cause) {
    throw new StartError({
      message: `No Parley answers at ${new URL(url).origin}.`,
      remedy: "Start it with `npm start`, or name another address with --url.",
      cause,
    });
  }
}
