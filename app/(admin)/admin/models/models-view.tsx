"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { FirstOfMany } from "@/components/ui/first-of-many";
import { paths } from "@/lib/paths";
import type { AdminAlias, AdminModel, AdminModels } from "@/lib/protocol/catalog-view";
import { AdminReading, useAdminQuery } from "../admin-reading";
import { AliasTable } from "./alias-table";
import { AliasSheet, MODELS_QUERY, ModelSheet, RemoveAliasSheet } from "./catalog-sheets";
import { FeedbackSection } from "./feedback-section";
import { filterModels, type ModelFilter } from "./filter-models";
import { ModelSearch } from "./model-search";
import { ModelTable, type ModelTableProps } from "./model-table";
import { RetireSheet } from "./retire-sheet";

type Open =
  | { sheet: "model" | "retire"; view: AdminModel }
  | { sheet: "alias"; view: AdminAlias | undefined }
  | { sheet: "remove"; view: AdminAlias };

const HEADING = "font-display text-xl tracking-tight";

export function ModelsView() {
  const query = useAdminQuery({
    ...{ queryKey: MODELS_QUERY, path: paths.api.adminModels },
    loadSchema: () => import("@/lib/protocol/catalog-view").then((it) => it.adminModelsSchema),
  });
  return (
    <AdminReading what="The models" query={query}>
      {(view) => <Models {...view} />}
    </AdminReading>
  );
}

function Models({ models, aliases }: AdminModels) {
  const [open, setOpen] = useState<Open | null>(null);
  const modelNames = models.map(({ model }) => model);
  const close = () => setOpen(null);
  return (
    <>
      <section aria-labelledby="aliases" className="mb-12">
        <div className="mb-4 flex flex-wrap items-end justify-between gap-4">
          <h2 id="aliases" className={HEADING}>
            Aliases
          </h2>
          <Button variant="primary" onClick={() => setOpen({ sheet: "alias", view: undefined })}>
            New alias
          </Button>
        </div>
        {aliases.length === 0 ? (
          <p className="border-t border-line py-8 text-sm text-ink-soft">
            There is no alias. One lets programs ask for a name of your choice, as gpt-4o-mini, and
            moves them from model to model without their knowing.
          </p>
        ) : (
          <AliasTable
            aliases={aliases}
            modelNames={modelNames}
            onEdit={(view) => setOpen({ sheet: "alias", view })}
            onRemove={(view) => setOpen({ sheet: "remove", view })}
          />
        )}
      </section>
      <section aria-labelledby="settings" className="mb-12">
        <h2 id="settings" className={`${HEADING} mb-4`}>
          Models
        </h2>
        {models.length === 0 ? (
          <p className="border-t border-line py-8 text-sm text-ink-soft">
            No worker has offered a model yet.
          </p>
        ) : (
          <ModelList
            models={models}
            onEdit={(view) => setOpen({ sheet: "model", view })}
            onRetire={(view) => setOpen({ sheet: "retire", view })}
          />
        )}
      </section>
      <section aria-labelledby="feedback">
        <h2 id="feedback" className={`${HEADING} mb-4`}>
          What programs thought of answers
        </h2>
        <FeedbackSection />
      </section>
      {open?.sheet === "model" && <ModelSheet view={open.view} onClose={close} />}
      {open?.sheet === "retire" && <RetireSheet view={open.view} onClose={close} />}
      {open?.sheet === "alias" && (
        <AliasSheet view={open.view} modelNames={modelNames} onClose={close} />
      )}
      {open?.sheet === "remove" && <RemoveAliasSheet view={open.view} onClose={close} />}
    </>
  );
}

/** So many are seen at a glance; of more, some are looked for. */
const ALL_SHOWN_MAX = 8;
/** Rows that are drawn at once: each change on the page draws them anew. */
const ROWS_SHOWN = 100;

function ModelList(props: ModelTableProps) {
  const { models } = props;
  const [wanted, setWanted] = useState<{ search: string; filter: ModelFilter }>({
    ...{ search: "", filter: "all" },
  });
  if (models.length <= ALL_SHOWN_MAX) return <ModelTable {...props} />;
  const found = filterModels(models, wanted);
  const isNarrowed = found.length < models.length;
  return (
    <>
      <ModelSearch
        {...wanted}
        status={isNarrowed ? `${found.length} of ${models.length} models` : ""}
        onChange={(changed) => setWanted({ ...wanted, ...changed })}
      />
      {found.length === 0 ? (
        <p className="border-t border-line py-8 text-sm text-ink-soft">No model is like that.</p>
      ) : (
        <FirstOfMany items={found} count={ROWS_SHOWN} what="model">
          {(shown) => <ModelTable {...props} models={shown} />}
        </FirstOfMany>
      )}
    </>
  );
}
