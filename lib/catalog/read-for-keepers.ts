import type { AdminModels } from "@/lib/protocol/catalog-view";
import type { Catalog } from "./catalog";

/**
 * What keepers see: every model that was offered or of which something was said, and the aliases.
 *
 * @param offered since when they are retired, by name.
 */
export function toAdminModels(
  { settings, aliases }: Catalog,
  awakeNames: readonly string[],
  offered: ReadonlyMap<string, Date | null> = new Map(),
): AdminModels {
  const names = [...new Set([...awakeNames, ...offered.keys(), ...settings.keys()])].sort();
  return {
    models: names.map((model) => {
      const said = settings.get(model);
      return {
        model,
        isAwake: awakeNames.includes(model),
        isSet: said !== undefined,
        isHidden: aliases.has(model),
        retiredAt: offered.get(model)?.toISOString() ?? null,
        defaults: said?.defaults ?? {},
        price: said?.price ?? null,
        limits: said?.limits ?? {},
        fallbacks: [...(said?.fallbacks ?? [])],
        dispatch: said?.dispatch ?? null,
      };
    }),
    aliases: [...aliases.values()]
      .sort((left, right) => (left.name < right.name ? -1 : 1))
      .map(({ version: _, rollback, ...alias }) => ({ ...alias, rollback: rollback ?? null })),
  };
}
