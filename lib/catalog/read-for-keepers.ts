import type { AdminAlias, AdminModel } from "@/lib/protocol/catalog-view";
import { readDescription } from "@/lib/protocol/operator-card";
import { type DrawnRule, visibilityOf } from "@/lib/protocol/visibility";
import type { Catalog } from "./catalog";
import { priceOf } from "./price-of";

/** A model that was ever offered, as its row has it. */
export type OfferedModel = { description: unknown; retiredAt: Date | null };

export type KeepersFacts = {
  awakeNames: readonly string[];
  /** By name. */
  offered: ReadonlyMap<string, OfferedModel>;
  /** What the rules of the arena say, by name. */
  rules: ReadonlyMap<string, DrawnRule>;
  servers: ReadonlyMap<string, AdminModel["servers"]>;
};

/** What keepers see: every model that was offered or of which something was said, those in hiding too. */
export function toAdminModels(catalog: Catalog, facts: KeepersFacts): AdminModel[] {
  const { settings, aliases, told } = catalog;
  const { awakeNames, offered, rules, servers } = facts;
  const awake = new Set(awakeNames);
  const names = [...new Set([...awake, ...offered.keys(), ...settings.keys()])].sort();
  return names.map((model) => {
    const said = settings.get(model);
    const row = offered.get(model);
    return {
      model,
      isAwake: awake.has(model),
      isSet: said !== undefined,
      isHidden: aliases.has(model),
      retiredAt: row?.retiredAt?.toISOString() ?? null,
      visibility: visibilityOf(said, rules.get(model)),
      told: row
        ? { description: readDescription(row.description), price: told?.get(model) ?? null }
        : null,
      charged: priceOf(catalog, model) ?? null,
      servers: servers.get(model) ?? [],
      defaults: said?.defaults ?? {},
      price: said?.price ?? null,
      limits: said?.limits ?? {},
      fallbacks: [...(said?.fallbacks ?? [])],
      dispatch: said?.dispatch ?? null,
      card: said?.card ?? {},
    };
  });
}

export function toAdminAliases({ aliases }: Catalog): AdminAlias[] {
  return [...aliases.values()]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ version: _, rollback, ...alias }) => ({ ...alias, rollback: rollback ?? null }));
}
