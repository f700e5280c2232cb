import type { Catalog } from "@/lib/catalog/catalog";
import type { Candidate } from "./candidate";

/**
 * Those that may be named to whoever asks: neither a hidden model nor what stands in for one, since an answer of
 * that one's would tell that the name is somebody's. An alias that has the name of a hidden model is no secret.
 */
export function namedCandidates(
  candidates: readonly Candidate[],
  hidden: ReadonlySet<string>,
  { aliases }: Pick<Catalog, "aliases">,
): readonly Candidate[] {
  const isSecret = (name: string) => hidden.has(name) && !aliases.has(name);
  return candidates.filter(({ model, names }) => !hidden.has(model) && !names.some(isSecret));
}
