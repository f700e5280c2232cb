import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OwnWorker, type Platform, startPlatform, startWorker } from "@/e2e/platform";
import { paths } from "@/lib/paths";
import { createdKeySchema } from "@/lib/protocol/key-view";
import { openSession } from "../served";
import { LoadGenerator, type Served, startLightWorker, startUpstream } from "./child-process";
import { PORTKEY, startPortkey } from "./portkey";
import { type Pinning, pinGateway } from "./process-facts";
import type { Places } from "./targets";

export type Lineup = {
  load: LoadGenerator;
  places: Places;
  pids: { parley: number | undefined; portkey: number | undefined };
  close(): Promise<void>;
};

export type LineupOptions = { folder: string; hasPeer: boolean; pinning: Pinning | undefined };

const MODELS = ["mock/echo"];
/** Beyond every number that is reached here: limits are held against and never passed. */
const PLENTY = 1e12;
const LIMITS = {
  ...{ requestsPerMinute: PLENTY, tokensPerMinute: PLENTY, concurrentRequests: PLENTY },
  ...{ tokensPerDay: PLENTY, tokensPerMonth: PLENTY },
};

/** Everybody that is measured, each in processes of its own. */
export async function openLineup(
  { folder, hasPeer, pinning }: LineupOptions,
  signal: AbortSignal,
): Promise<Lineup> {
  const closing: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const models = mkdtempSync(join(tmpdir(), "parley-bench-"));
    closing.push(() => rmSync(models, { recursive: true }));
    const platform = await startPlatform({ PARLEY_MODELS: models });
    closing.push(() => platform.stop());
    const worker = await startWorker(
      ["--kind", "mock", "--slots", "4096", ...MODELS.flatMap((name) => ["--model", name])],
      platform,
    );
    closing.push(() => worker.stop());
    const secret = readSecret(platform);
    const light = await startLightWorker({ controllerUrl: platform.url, secret }, signal);
    closing.push(() => light.stop());
    const upstream = await startUpstream(signal);
    closing.push(() => upstream.stop());
    const portkey = hasPeer ? await tryPortkey(folder, signal) : undefined;
    closing.push(() => portkey?.stop());
    const load = await LoadGenerator.start(signal);
    closing.push(() => load.stop());
    const pids = { parley: platform.children().web, portkey: portkey?.pid };
    for (const pid of Object.values(pids)) if (pid !== undefined) pinGateway(pid, pinning);
    const running = { platform, worker, light, upstream, portkey };
    return { load, places: await toPlaces(running), pids, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Without the peer the goals beside it stay open; the rest is measured all the same. */
async function tryPortkey(folder: string, signal: AbortSignal): Promise<Served | undefined> {
  try {
    return await startPortkey(folder, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    const words = error instanceof Error ? error.message : String(error);
    console.log(`${PORTKEY} is not there, and goals beside it stay open: ${words}`);
    return undefined;
  }
}

type Running = {
  platform: Platform;
  worker: OwnWorker;
  light: Served;
  upstream: Served;
  portkey: Served | undefined;
};

async function toPlaces(running: Running): Promise<Places> {
  const { platform, worker, light, upstream, portkey } = running;
  const portOf = (url: string) => Number(new URL(url).port);
  return {
    parley: { port: portOf(platform.url), key: await makeKey(platform) },
    light: { port: light.port },
    worker: { port: portOf(worker.address), secret: readSecret(platform) },
    ...(portkey && { portkey: { port: portkey.port } }),
    upstream: { port: upstream.port },
  };
}

/** From the launcher's own file, which holds the secret that it made. */
function readSecret({ dataDir }: Platform): string {
  const { workerSecret } = JSON.parse(readFileSync(join(dataDir, "secrets.json"), "utf8")) as {
    workerSecret: string;
  };
  return workerSecret;
}

/** A key that is limited in every way, over all models and at one. */
async function makeKey({ url, adminToken }: Platform): Promise<string> {
  const cookie = await openSession(url, adminToken);
  const limits = { ...LIMITS, models: { "mock/echo": LIMITS, "bench/echo": LIMITS } };
  const reply = await fetch(new URL(paths.api.adminKeys, url), {
    method: "POST",
    headers: { cookie, "content-type": "application/json", origin: new URL(url).origin },
    body: JSON.stringify({ name: "bench", limits }),
  });
  if (!reply.ok) throw new Error(`No key was made: ${await reply.text()}`);
  return createdKeySchema.parse(await reply.json()).key;
}
