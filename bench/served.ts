import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPlatform } from "@/e2e/platform";
import { env } from "@/lib/env";
import { paths } from "@/lib/paths";
import { adminWorkersSchema } from "@/lib/protocol/arena-view";
import { ROOT } from "./root";
import type { WorkerAccess } from "./targets";

export type ServedOptions = { model: string; threads: string; "base-url"?: string | undefined };

export type Served = {
  url: string;
  apiKey: string | undefined;
  worker: WorkerAccess | undefined;
  close(): Promise<void>;
};

/** The platform to measure: the one at --base-url, or one of our own with this model alone. */
export async function openServed(options: ServedOptions): Promise<Served> {
  const url = options["base-url"];
  if (url !== undefined) return await openRunning(url, options.model);
  const models = mkdtempSync(join(tmpdir(), "parley-bench-"));
  symlinkSync(join(ROOT, "models", options.model), join(models, options.model));
  const secret = "bench-worker-secret";
  const platform = await startPlatform({
    PARLEY_MODELS: models,
    PARLEY_WORKER_SECRET: secret,
    PARLEY_WORKER_THREADS: options.threads,
  });
  const close = async () => {
    await platform.stop();
    rmSync(models, { recursive: true });
  };
  try {
    const address = await findWorker(platform.url, platform.adminToken, options.model);
    return { url: platform.url, apiKey: undefined, worker: { address, secret }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openRunning(url: string, model: string): Promise<Served> {
  const { PARLEY_ADMIN_TOKEN, PARLEY_WORKER_SECRET, PARLEY_API_KEY } = env();
  const address =
    PARLEY_ADMIN_TOKEN && PARLEY_WORKER_SECRET
      ? await findWorker(url, PARLEY_ADMIN_TOKEN, model)
      : undefined;
  return {
    url,
    apiKey: PARLEY_API_KEY,
    worker: address && PARLEY_WORKER_SECRET ? { address, secret: PARLEY_WORKER_SECRET } : undefined,
    close: async () => undefined,
  };
}

/** Where a worker of this model listens, from the page of workers. */
async function findWorker(url: string, token: string, model: string): Promise<string> {
  const cookie = await openSession(url, token);
  const reply = await fetch(new URL(paths.api.adminWorkers, url), { headers: { cookie } });
  const { workers } = adminWorkersSchema.parse(await reply.json());
  const found = workers.find(
    (it) => it.state === "ready" && it.models.some((offer) => offer.name === model),
  );
  if (!found) throw new Error(`No worker at ${url} serves ${model}.`);
  return found.address;
}

/** The cookie of an admin's session. */
export async function openSession(url: string, token: string): Promise<string> {
  const session = await fetch(new URL(paths.api.session, url), {
    method: "POST",
    headers: { "content-type": "application/json", origin: new URL(url).origin },
    body: JSON.stringify({ token }),
  });
  const cookie = session.headers.get("set-cookie")?.split(";")[0];
  if (!session.ok || !cookie) throw new Error(`${url} does not take the admin token.`);
  return cookie;
}
