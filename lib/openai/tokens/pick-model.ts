import { AppError } from "@/lib/errors";
import type { ModelFeature } from "@/lib/protocol/worker-card";

const NAMES_SHOWN_MAX = 8;

/**
 * The model to ask: the one that is named, or the only one there is that can tokenize.
 *
 * @param models those that the caller may use.
 * @throws AppError `invalid-request` when none is named and there are several, or none.
 */
export function pickModel(
  named: string | null | undefined,
  models: readonly { name: string; features: readonly ModelFeature[] }[],
): string {
  if (named != null) return named;
  const names = models.filter((it) => it.features.includes("tokenize")).map((it) => it.name);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  const choice = names.slice(0, NAMES_SHOWN_MAX).join(", ");
  throw new AppError("invalid-request", {
    message: `\`model\` is missing, and this server has ${names.length === 0 ? "none that tokenizes" : `several: ${choice}`}.`,
    param: "model",
  });
}
