import type { AdminModels } from "@/lib/protocol/catalog-view";
import type { Catalog } from "./catalog";

/** What keepers see: every model that is awake or of which something was said, and the aliases. */
export function toAdminModels(
  { settings, aliases }: Catalog,
  awakeNames: readonly string[],
): AdminModels {
  const names = [...new Set([...awakeNames, ...settings.keys()])].sort();
  return {
    models: names.map((model) => {
      const said = settings.get(model);
      return {
        model,
        isAwake: awakeNames.includes(model),
        isSet: said !== undefined,
        isHidden: aliases.has(model),
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
