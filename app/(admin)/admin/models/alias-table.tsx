"use client";

import { Button } from "@/components/ui/button";
import { paths } from "@/lib/paths";
import type { AdminAlias } from "@/lib/protocol/catalog-view";
import { AdminTable, CELL } from "../admin-table";
import { toAliasBody, toAliasDraft } from "./catalog-drafts";
import { useCatalogChange } from "./catalog-sheets";

const HEADS = [
  { label: "Alias" },
  { label: "Models" },
  { label: "Mirrors" },
  { label: "Rollback" },
  { label: "Change" },
];

export type AliasTableProps = {
  aliases: readonly AdminAlias[];
  modelNames: readonly string[];
  onEdit: (view: AdminAlias) => void;
  onRemove: (view: AdminAlias) => void;
};

export function AliasTable({ aliases, modelNames, onEdit, onRemove }: AliasTableProps) {
  return (
    <AdminTable label="Aliases" heads={HEADS}>
      {aliases.map((view) => (
        <tr key={view.name}>
          <th scope="row" className={`${CELL} text-left font-normal`}>
            <span className="font-mono">{view.name}</span>
            {modelNames.includes(view.name) && (
              <span className="block text-xs text-ink-soft">Hides the model of this name</span>
            )}
          </th>
          <td className={CELL}>
            <Targets view={view} />
          </td>
          <td className={CELL}>
            {view.mirrors.map(({ model, share }) => (
              <span key={model} className="block">
                <span className="font-mono">{model}</span> {Number((share * 100).toFixed(2))} %
              </span>
            ))}
          </td>
          <td className={`${CELL} max-w-72`}>
            <RollbackState view={view} />
          </td>
          <td className={CELL}>
            <div className="flex gap-2">
              <Button size="small" onClick={() => onEdit(view)} aria-label={`Edit ${view.name}`}>
                Edit
              </Button>
              <Button
                size="small"
                variant="quiet"
                onClick={() => onRemove(view)}
                aria-label={`Remove ${view.name}`}
              >
                Remove
              </Button>
            </div>
          </td>
        </tr>
      ))}
    </AdminTable>
  );
}

function Targets({ view: { targets, rollback } }: { view: AdminAlias }) {
  const live = targets.filter(({ model }) => model !== rollback?.model);
  const total = live.reduce((sum, { weight }) => sum + weight, 0);
  return targets.map(({ model, weight }) => (
    <span key={model} className="block">
      <span className="font-mono">{model}</span>{" "}
      {model === rollback?.model ? (
        <strong className="font-medium text-danger">taken out</strong>
      ) : (
        `${Number(((weight / total) * 100).toFixed(2))} %`
      )}
    </span>
  ));
}

function RollbackState({ view }: { view: AdminAlias }) {
  const { mutate, isPending, problem } = useCatalogChange(() => undefined);
  const { rollback, rollbackOn } = view;
  if (rollback) {
    const body = toAliasBody(toAliasDraft(view));
    return (
      <>
        <p className="text-xs">
          <time dateTime={new Date(rollback.atMs).toISOString()}>
            {new Date(rollback.atMs).toLocaleString()}
          </time>
          : {rollback.reason}
        </p>
        <Button
          size="small"
          disabled={isPending}
          onClick={() => mutate({ path: paths.api.adminAliases, method: "PUT", body })}
          className="mt-2"
        >
          Bring {rollback.model} back
        </Button>
        <p role="alert" className="text-xs text-danger empty:hidden">
          {problem?.message}
        </p>
      </>
    );
  }
  if (!rollbackOn) return <span className="text-ink-soft">Never</span>;
  const { errorShareRise, requestsMin, windowSeconds } = rollbackOn;
  return (
    <span className="text-xs">
      At {Number((errorShareRise * 100).toFixed(2))} % more failures, of {requestsMin} requests
      within {windowSeconds} s
    </span>
  );
}
