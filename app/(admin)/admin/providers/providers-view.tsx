"use client";

import { type ReactNode, useState } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { paths } from "@/lib/paths";
import type {
  ExternalModelView,
  ProviderKeyView,
  ProvidersView as View,
} from "@/lib/protocol/providers-view";
import { AdminReading, useAdminQuery } from "../admin-reading";
import { ExternalList } from "./external-list";
import { AddModelSheet, DeleteModelSheet, EditModelSheet } from "./external-sheets";
import { AddKeySheet, DeleteKeySheet, ReplaceKeySheet } from "./provider-key-sheets";
import { ProviderKeyTable } from "./provider-key-table";
import { TrySheet } from "./try-sheet";
import { loadProviderShapes, PROVIDERS_QUERY, useProviderChange } from "./use-provider-change";

type Open =
  | { sheet: "add-model" | "add-key" }
  | { sheet: "edit-model" | "delete-model" | "try"; id: string }
  | { sheet: "replace-key" | "delete-key"; id: string };

const HEADING = "font-display text-xl tracking-tight";
const EMPTY = "border-t border-line py-8 text-sm text-ink-soft";

export function ProvidersView() {
  const query = useAdminQuery({
    ...{ queryKey: PROVIDERS_QUERY, path: paths.api.adminProviders },
    loadSchema: () => loadProviderShapes().then((it) => it.providersViewSchema),
  });
  return (
    <AdminReading what="The providers" query={query}>
      {(view) => <Providers {...view} />}
    </AdminReading>
  );
}

function Providers({ keys, models }: View) {
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const change = useProviderChange(close);
  const onSwitch = ({ id, isEnabled }: ExternalModelView) =>
    change.mutate({
      ...{ path: paths.api.adminExternalModel(id), method: "PATCH" },
      body: () => ({ isEnabled: !isEnabled }),
    });
  return (
    <>
      {change.problem ? (
        <Notice tone="danger" className="mb-4">
          {change.problem.message}
        </Notice>
      ) : null}
      <section aria-labelledby="external-models" className="mb-12">
        <SectionHead
          id="external-models"
          title="Models"
          note="Models that others run, by their API."
        >
          <Button variant="primary" onClick={() => setOpen({ sheet: "add-model" })}>
            Add a model
          </Button>
        </SectionHead>
        {models.length === 0 ? (
          <p className={EMPTY}>
            There is none yet. Add one here, or take over a file with{" "}
            <code className="font-mono text-ink">npx parley providers import models.yaml</code>.
          </p>
        ) : (
          <ExternalList
            models={models}
            keys={keys}
            onEdit={({ id }) => setOpen({ sheet: "edit-model", id })}
            onTry={({ id }) => setOpen({ sheet: "try", id })}
            onDelete={({ id }) => setOpen({ sheet: "delete-model", id })}
            onSwitch={onSwitch}
          />
        )}
      </section>
      <section aria-labelledby="provider-keys">
        <SectionHead
          id="provider-keys"
          title="Keys"
          note="Encrypted under the secret of this server, and shown to nobody again."
        >
          <Button
            variant={keys.length === 0 && models.length === 0 ? "primary" : "outline"}
            onClick={() => setOpen({ sheet: "add-key" })}
          >
            Add a key
          </Button>
        </SectionHead>
        {keys.length === 0 ? (
          <p className={EMPTY}>
            There is none yet. A model may also name a variable of the worker that holds its key.
          </p>
        ) : (
          <ProviderKeyTable
            keys={keys}
            onReplace={({ id }) => setOpen({ sheet: "replace-key", id })}
            onDelete={({ id }) => setOpen({ sheet: "delete-key", id })}
          />
        )}
      </section>
      {open && <OpenSheet open={open} keys={keys} models={models} onClose={close} />}
    </>
  );
}

type OpenSheetProps = {
  open: Open;
  keys: readonly ProviderKeyView[];
  models: readonly ExternalModelView[];
  onClose: () => void;
};

/** By the newest state of what it is about; what another keeper deleted meanwhile has none. */
function OpenSheet({ open, keys, models, onClose }: OpenSheetProps) {
  if (open.sheet === "add-model") return <AddModelSheet keys={keys} onClose={onClose} />;
  if (open.sheet === "add-key") return <AddKeySheet onClose={onClose} />;
  if (!("id" in open)) return null;
  const model = models.find(({ id }) => id === open.id);
  const key = keys.find(({ id }) => id === open.id);
  if (model) {
    if (open.sheet === "edit-model") {
      return <EditModelSheet view={model} keys={keys} onClose={onClose} />;
    }
    if (open.sheet === "try") return <TrySheet view={model} onClose={onClose} />;
    return <DeleteModelSheet view={model} onClose={onClose} />;
  }
  if (!key) return null;
  if (open.sheet === "replace-key") return <ReplaceKeySheet view={key} onClose={onClose} />;
  return <DeleteKeySheet view={key} onClose={onClose} />;
}

type SectionHeadProps = { id: string; title: string; note: string; children: ReactNode };

function SectionHead({ id, title, note, children }: SectionHeadProps) {
  return (
    <div className="mb-4 flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
      <div>
        <h2 id={id} className={HEADING}>
          {title}
        </h2>
        <p className="text-sm text-ink-soft">{note}</p>
      </div>
      {children}
    </div>
  );
}
