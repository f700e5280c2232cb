import type { ExternalModelView, ProviderKeyView } from "@/lib/protocol/providers-view";
import { PROVIDER_WORDS, STATE_WORDS } from "./provider-words";

/** By words of its name, its id, its provider, its state or its key, each anywhere. Pure. */
export function findExternal(
  models: readonly ExternalModelView[],
  keys: readonly ProviderKeyView[],
  search: string,
): ExternalModelView[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter(({ entry, state, keyId }) => {
    const { name, model, provider } = entry;
    const key = keys.find(({ id }) => id === keyId)?.name ?? "";
    const told = [name, model, PROVIDER_WORDS[provider], provider, STATE_WORDS[state], key];
    const text = told.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
