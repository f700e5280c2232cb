"use client";

import { send } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import { Sheet } from "@/components/ui/sheet";
import { paths } from "@/lib/paths";
import type { AdminAlias, AdminModel } from "@/lib/protocol/catalog-view";
import { useAdminChange } from "../use-admin-change";
import { AliasForm } from "./alias-form";
import { EMPTY_ALIAS, toAliasBody, toAliasDraft, toModelBody } from "./catalog-drafts";
import { ModelForm } from "./model-form";
import { ServedBy } from "./served-by";

export const MODELS_QUERY = ["admin-models"];

type Change = { path: string; method: "PUT" | "DELETE"; body: unknown };

export function useCatalogChange(onDone: () => void) {
  return useAdminChange({
    queryKey: MODELS_QUERY,
    change: ({ path, ...change }: Change, signal) => send(path, { ...change, signal }),
    onDone,
  });
}

type SheetProps = { onClose: () => void };

export function ModelSheet({ view, onClose }: SheetProps & { view: AdminModel }) {
  const { mutate, isPending, problem } = useCatalogChange(onClose);
  const path = paths.api.adminModels;
  return (
    <Sheet
      open
      onOpenChange={onClose}
      isWide
      title={view.model}
      description="What is said here holds for every page and program within a second."
    >
      <ModelForm
        view={view}
        isSending={isPending}
        problem={problem}
        onSubmit={(draft) => mutate({ path, method: "PUT", body: toModelBody(draft) })}
      />
      {view.isSet && (
        <Button
          variant="danger"
          disabled={isPending}
          onClick={() => mutate({ path, method: "DELETE", body: { model: view.model } })}
          className="mt-4"
        >
          Forget all of it
        </Button>
      )}
      <section aria-label="Served by" className="mt-8">
        <h3 className="mb-3 text-sm font-medium">Served by</h3>
        <ServedBy servers={view.servers} />
      </section>
    </Sheet>
  );
}

export type AliasSheetProps = SheetProps & {
  /** Undefined for a new one. */
  view: AdminAlias | undefined;
  modelNames: readonly string[];
};

export function AliasSheet({ view, modelNames, onClose }: AliasSheetProps) {
  const { mutate, isPending, problem } = useCatalogChange(onClose);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title={view?.name ?? "New alias"}
      description={
        view?.rollback
          ? `Saving brings ${view.rollback.model} back.`
          : "A name that stands for a model, or for several by weight. Changes hold within a second."
      }
    >
      <AliasForm
        initial={view ? toAliasDraft(view) : EMPTY_ALIAS}
        isNew={view === undefined}
        modelNames={modelNames}
        isSending={isPending}
        problem={problem}
        onSubmit={(draft) =>
          mutate({ path: paths.api.adminAliases, method: "PUT", body: toAliasBody(draft) })
        }
      />
    </Sheet>
  );
}

export function RemoveAliasSheet({ view, onClose }: SheetProps & { view: AdminAlias }) {
  const { mutate, isPending, problem } = useCatalogChange(onClose);
  const body = { name: view.name };
  return (
    <ConfirmSheet
      title={`Remove ${view.name}?`}
      description="Programs that ask for it are told that there is no such model, within a second."
      verb="Remove the alias"
      isSending={isPending}
      problem={problem?.message}
      onConfirm={() => mutate({ path: paths.api.adminAliases, method: "DELETE", body })}
      onClose={onClose}
    />
  );
}
