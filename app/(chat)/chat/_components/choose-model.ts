import { canChat } from "@/components/can-chat";
import type { ModelView } from "@/lib/protocol/arena-view";

export type Choice = {
  /** The model that is asked; empty where none is awake. */
  model: string;
  /** Why it is not the one that was wanted, as a sentence. */
  remark: string | null;
};

/**
 * Which model a new chat talks to: the one that was wanted, where it writes answers, even asleep; else
 * the first that is awake, and why. Until the list is known (`models` is undefined) a wish is taken as it is.
 */
export function chooseModel(
  models: readonly ModelView[] | undefined,
  wanted: string | null,
): Choice {
  if (models === undefined) return { model: wanted ?? "", remark: null };
  const writers = models.filter((it) => it.features.includes("chat") && it.isDirect !== false);
  const model = writers.find(canChat)?.name ?? "";
  if (wanted === null || wanted === "") return { model, remark: null };
  if (writers.some(({ name }) => name === wanted)) return { model: wanted, remark: null };
  const instead = model === "" ? "" : ` ${model} was chosen instead.`;
  return { model, remark: `${whyNot(models, wanted)}${instead}` };
}

/** Why a model cannot be chosen here, as a sentence. */
export function whyNot(models: readonly ModelView[], name: string): string {
  const view = models.find((it) => it.name === name);
  if (view === undefined) return `There is no model called ${name} here.`;
  if (!view.features.includes("chat")) return `${name} reads texts and writes none.`;
  return `${name} is not offered here by its name.`;
}

/** Why nothing can be asked now, as a sentence; null: it can. */
export function whyBlocked(by: {
  isOnline: boolean;
  models: readonly ModelView[] | undefined;
  model: string;
}): string | null {
  const { isOnline, models, model } = by;
  if (!isOnline) return "You are offline.";
  if (models === undefined) return null;
  if (model === "") return "No model is awake yet.";
  const view = models.find(({ name }) => name === model);
  if (view && canChat(view)) return null;
  if (view?.isDirect === false) return `${whyNot(models, model)} Choose another for a new chat.`;
  return `${model} is asleep. It answers again once a worker brings it, or choose another for a new chat.`;
}
