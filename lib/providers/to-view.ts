import type { ExternalModelView, ProvidersView } from "@/lib/protocol/providers-view";
import { findLocked } from "./hand-models";
import type { Providers, StoredModel } from "./store";

export type ViewContext = {
  secret: string;
  /** Names of the models that a worker offers now. */
  offered: ReadonlySet<string>;
};

/** What keepers are shown: no part of a key, sealed or not. */
export function toProvidersView(known: Providers, { secret, offered }: ViewContext): ProvidersView {
  const locked = findLocked(known, secret);
  return {
    keys: known.keys.map(({ id, name, provider, createdAt, updatedAt }) => ({
      ...{ id, name, provider, opens: !locked.has(id) },
      ...{ createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() },
      models: known.models.flatMap((it) => (it.keyId === id ? it.entry.name : [])),
    })),
    models: known.models.map((model) => ({
      ...{ id: model.id, entry: model.entry, keyId: model.keyId, isEnabled: model.isEnabled },
      ...stateOf(model, { locked, offered }),
      updatedAt: model.updatedAt.toISOString(),
    })),
  };
}

type Known = { locked: ReadonlySet<string>; offered: ReadonlySet<string> };

function stateOf(
  { entry, keyId, isEnabled, problem }: StoredModel,
  { locked, offered }: Known,
): Pick<ExternalModelView, "state" | "problem"> {
  if (!isEnabled) return { state: "off", problem: null };
  if (keyId !== null && locked.has(keyId)) {
    const text = "PARLEY_SECRET is another one than when its key was entered. Enter the key again.";
    return { state: "key-locked", problem: text };
  }
  if (problem) return { state: problem.kind, problem: problem.message };
  return { state: offered.has(entry.name) ? "offered" : "waiting", problem: null };
}
