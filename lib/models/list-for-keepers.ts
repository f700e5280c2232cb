import { readCatalog } from "@/lib/catalog/catalog";
import { toAdminAliases, toAdminModels } from "@/lib/catalog/read-for-keepers";
import { type Database, database } from "@/lib/db/client";
import type { AdminModels, ModelServer } from "@/lib/protocol/catalog-view";
import { MODEL_FEATURES, WORKER_KINDS } from "@/lib/protocol/worker-card";
import { readVersionedRules } from "@/lib/rules/edit-rules";
import { readOfferedModels, readServers } from "./store";

/**
 * All that keepers see of models and aliases, those included that battles alone have.
 *
 * @param awakeNames models that take requests now, as a web process knows; absent: those with a worker that was
 * ready when it was heard last.
 */
export async function listForKeepers(
  { awakeNames }: { awakeNames?: readonly string[] } = {},
  db: Database = database(),
): Promise<AdminModels> {
  const [catalog, offered, { settings }, rows] = await Promise.all([
    readCatalog(db),
    readOfferedModels(db),
    readVersionedRules(db),
    readServers(db),
  ]);
  const servers = groupServers(rows);
  const ready = [...servers].flatMap(([model, its]) =>
    its.some(({ state }) => state === "ready") ? [model] : [],
  );
  return {
    models: toAdminModels(catalog, {
      ...{ awakeNames: awakeNames ?? ready, servers },
      offered: new Map(offered.map(({ name, ...row }) => [name, row])),
      rules: new Map(settings.sampling.models.map((rule) => [rule.model, rule])),
    }),
    aliases: toAdminAliases(catalog),
  };
}

function groupServers(rows: Awaited<ReturnType<typeof readServers>>): Map<string, ModelServer[]> {
  const servers = new Map<string, ModelServer[]>();
  for (const { model, kind: word, features, ...row } of rows) {
    const kind = WORKER_KINDS.find((it) => it === word);
    // A kind of a newer version sharing this database is told of there.
    if (kind === undefined) continue;
    const own = MODEL_FEATURES.filter((it) => features.includes(it));
    servers.set(model, [...(servers.get(model) ?? []), { ...row, kind, features: own }]);
  }
  return servers;
}
