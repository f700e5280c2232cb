import type { Database } from "@/lib/db/client";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import { toControllerConfig } from "./controller-config";
import { toAdminWorkers } from "./describe";
import { Places } from "./places";
import { readModels, readOffers, readWorkers } from "./store";
import { WorkerPicture } from "./worker-picture";

/** A worker as the registry has it; what only a web process knows is left out. */
export type ListedWorker = Omit<AdminWorker, "breaker">;

/** Workers as the rows have them, for who is no web process: nobody is asked whether it lives. */
export async function listWorkers(
  db: Database,
  changes: Parameters<typeof toControllerConfig>[0] = {},
): Promise<ListedWorker[]> {
  const config = toControllerConfig(changes);
  const [workers, models] = await Promise.all([
    readWorkers(db, config.goneShownMs),
    readModels(db),
  ]);
  const ids = workers.map((worker) => worker.id);
  const offers = await readOffers(db, ids);
  const picture = new WorkerPicture({ config, callSecretOf: () => "" });
  const nowMs = performance.now();
  picture.replace({ workers, models, offers }, nowMs);
  const { staleAfterMs } = config;
  return toAdminWorkers(picture, new Places(), { nowMs, staleAfterMs }).map(
    ({ breaker: _, ...worker }) => worker,
  );
}
