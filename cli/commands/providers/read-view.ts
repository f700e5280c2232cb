import { controllerConfig } from "@/lib/controller/controller-config";
import { listWorkers } from "@/lib/controller/list-workers";
import type { Database } from "@/lib/db/client";
import type { ProvidersView } from "@/lib/protocol/providers-view";
import { readProviders } from "@/lib/providers/store";
import { toProvidersView } from "@/lib/providers/to-view";

/** What `/admin/providers` shows, from the database alone. */
export async function readView(db: Database, secret: string): Promise<ProvidersView> {
  const [known, workers] = await Promise.all([
    readProviders(db),
    listWorkers(db, controllerConfig()),
  ]);
  const ready = workers.filter(({ state }) => state === "ready");
  const offered = new Set(ready.flatMap(({ models }) => models.map(({ name }) => name)));
  return toProvidersView(known, { secret, offered });
}
