import type { HiddenModels } from "@/lib/rules/hidden-models";
import type { CatalogReader } from "./controller-options";
import type { RegistryCopy } from "./registry-copy";

/**
 * Resolves when what requests are placed by is known, and the picture at most a second old, where the
 * database allows. Undefined where all of it is, as for nearly every request, which then waits for nothing.
 */
export function whenCurrent(
  registry: RegistryCopy,
  hidden: HiddenModels,
  catalog: CatalogReader,
): Promise<void> | undefined {
  const isCurrent = registry.isCurrent && hidden.peek() !== undefined;
  if (isCurrent && catalog.last !== undefined) return undefined;
  return readAll(registry, hidden, catalog);
}

async function readAll(
  registry: RegistryCopy,
  hidden: HiddenModels,
  catalog: CatalogReader,
): Promise<void> {
  // Whoever is not to be named is known, too, before anybody is told of models.
  await registry.current();
  await hidden.get();
  if (catalog.last === undefined) await catalog.get();
}
