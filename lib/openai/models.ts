/** What is asked of a model to show it. */
export type ListedModel = {
  name: string;
  contextLength: number;
  createdAt: Date;
  description: { organization?: string | undefined };
};

/** OpenAI's `model` object, and the context length, which clients of other servers look for here. */
export type OpenAiModel = {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  context_length: number;
};

export function toModelObject(model: ListedModel): OpenAiModel {
  return {
    id: model.name,
    object: "model",
    created: Math.floor(model.createdAt.getTime() / 1000),
    owned_by: model.description.organization ?? "parley",
    context_length: model.contextLength,
  };
}

export function toModelList(models: readonly ListedModel[]) {
  return { object: "list", data: models.map(toModelObject) };
}
