import { AppError } from "@/lib/errors";
import type { ModelFeature } from "@/lib/protocol/worker-card";

const NAMES_SHOWN_MAX = 8;

type Tokenizing = {
  name: string;
  features: readonly ModelFeature[];
  contextLength: number;
  description: { tokenizerBuild?: string | undefined };
};

/**
 * The model to ask: the one that is named. Where none is, as evaluation harnesses do, the only one that can
 * tokenize; or, of several that share one tokenizer, the one that reads least.
 *
 * @param models those that the caller may use.
 * @throws AppError `invalid-request` when none is named and there are several tokenizers, or none.
 */
export function pickModel(named: string | null | undefined, models: readonly Tokenizing[]): string {
  if (named != null) return named;
  const able = models
    .filter((it) => it.features.includes("tokenize"))
    .toSorted((one, other) => one.contextLength - other.contextLength);
  const [first, ...others] = able;
  const build = first?.description.tokenizerBuild;
  const areAlike = others.every(
    (it) => build !== undefined && it.description.tokenizerBuild === build,
  );
  if (first !== undefined && areAlike) return first.name;
  const names = able.slice(0, NAMES_SHOWN_MAX).map((it) => it.name);
  throw new AppError("invalid-request", {
    message: `\`model\` is missing, and this server has ${names.length === 0 ? "none that tokenizes" : `several tokenizers: ${names.join(", ")}`}.`,
    param: "model",
  });
}
