/** What is asked of a model to show it. */
export type ListedModel = {
  name: string;
  contextLength: number;
  features: readonly string[];
  createdAt: Date;
  organization?: string | undefined;
  price?: { prompt: number; cachedPrompt?: number | undefined; completion: number } | undefined;
  aliasOf?: readonly string[];
};

/** OpenAI's `model` object, and what clients of other servers look for here. */
export type OpenAiModel = {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  context_length: number;
  /** What it can be asked for; of an alias what all of its models can. */
  features: string[];
  /** Dollars a million tokens; absent where nothing is charged, or one of several models may answer. */
  price?: { prompt: number; cached_prompt: number; completion: number };
  /** The models that an alias, or `auto`, stands for. */
  alias_of?: readonly string[];
};

export function toModelObject(model: ListedModel): OpenAiModel {
  const { price, aliasOf } = model;
  return {
    id: model.name,
    object: "model",
    created: Math.floor(model.createdAt.getTime() / 1000),
    owned_by: model.organization ?? "parley",
    context_length: model.contextLength,
    features: [...model.features],
    ...(price && {
      price: {
        prompt: price.prompt,
        cached_prompt: price.cachedPrompt ?? price.prompt,
        completion: price.completion,
      },
    }),
    ...(aliasOf && { alias_of: aliasOf }),
  };
}

export function toModelList(models: readonly ListedModel[]) {
  return { object: "list", data: models.map(toModelObject) };
}
