import type { ModelEntry } from "@/lib/protocol/model-entry";
import type { ModelDescription, ModelOffer } from "@/lib/protocol/worker-card";

type Described = Pick<
  ModelEntry,
  "organization" | "licence" | "hasOpenWeights" | "summary" | "link"
>;

/** What an operator's entry says of a model to people; `limits`: what it cannot do, in sentences. */
export function describeEntry(entry: Described, limits: string): ModelDescription {
  const { organization, licence, hasOpenWeights, summary, link } = entry;
  return {
    ...(organization !== undefined && { organization }),
    ...(licence !== undefined && { licence }),
    ...(hasOpenWeights !== undefined && { hasOpenWeights }),
    ...(summary !== undefined && { summary }),
    ...(link !== undefined && { link }),
    ...(limits !== "" && { limits }),
    ...{ skills: [], examplePrompts: [] },
  };
}

/** What it says of a model to the catalog. */
export function toTerms({
  prices,
  anonymousOnly,
}: Pick<ModelEntry, "prices" | "anonymousOnly">): Pick<ModelOffer, "price" | "isAnonymousOnly"> {
  return {
    ...(prices !== undefined && {
      price: {
        ...{ prompt: prices.input, completion: prices.output },
        ...(prices.cachedInput !== undefined && { cachedPrompt: prices.cachedInput }),
      },
    }),
    ...(anonymousOnly && { isAnonymousOnly: true }),
  };
}
