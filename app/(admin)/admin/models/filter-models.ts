import type { AdminModel } from "@/lib/protocol/catalog-view";
import { mergeDescription } from "@/lib/protocol/operator-card";

/** Which of many models are shown. Pure. */

export const MODEL_FILTERS = [
  ...(["all", "arena", "direct", "api", "private", "awake", "set"] as const),
] as const;
export type ModelFilter = (typeof MODEL_FILTERS)[number];

export const FILTER_LABELS: Record<ModelFilter, string> = {
  all: "All models",
  arena: "In the arena",
  direct: "On the pages",
  api: "In the API",
  private: "Battles alone",
  awake: "Awake",
  set: "Of which something is set",
};

const FILTERS: Record<ModelFilter, (model: AdminModel) => boolean> = {
  all: () => true,
  arena: ({ visibility }) => visibility.arena,
  direct: ({ visibility }) => visibility.direct,
  api: ({ visibility }) => visibility.api,
  private: ({ visibility }) => visibility.isAnonymousOnly,
  awake: ({ isAwake }) => isAwake,
  set: ({ isSet }) => isSet,
};

/** By words of its name, maker or licence, each anywhere; and by where it is met. */
export function filterModels(
  models: readonly AdminModel[],
  { search, filter }: { search: string; filter: ModelFilter },
): AdminModel[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => {
    if (!FILTERS[filter](model)) return false;
    const { organization = "", licence = "" } = describeModel(model);
    const text = `${model.model} ${organization} ${licence}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** As it is told: the operator's word first. */
export function describeModel({ told, card }: AdminModel) {
  return mergeDescription(told?.description ?? { skills: [], examplePrompts: [] }, card);
}
