import type { ModelView } from "@/lib/protocol/arena-view";

type Feature = ModelView["features"][number];

/** What a model can be asked for, as the pages call it; null: what matters to the platform's own programs alone. */
const FEATURE_WORDS: Record<Feature, string | null> = {
  ...{ chat: "chat", embeddings: "vectors", rerank: "ranking", classify: "labels" },
  ...{ images: "images", tools: "tool calls", reasoning: "reasoning told apart" },
  ...{ grammar: "answers by a grammar", "log-probabilities": "log probabilities" },
  ...{ tokenize: null, resume: null, continue: null },
};

/** `["chat", "images"]` → "chat, images", in the order in which the pages tell them; "" where there is nothing to tell. */
export function toFeatureWords(features: readonly Feature[]): string {
  return Object.entries(FEATURE_WORDS)
    .flatMap(([name, word]) => (word !== null && features.some((it) => it === name) ? [word] : []))
    .join(", ");
}
