"use client";

import { formatDate } from "@/components/format";
import { Button } from "@/components/ui/button";
import type { AdminModel } from "@/lib/protocol/catalog-view";
import { AdminTable, CELL } from "../admin-table";
import { LIMIT_FIELDS } from "../keys/limit-words";
import { DEFAULT_FIELDS } from "./catalog-drafts";

const HEADS = [
  { label: "Model" },
  { label: "Price, $ a million tokens" },
  { label: "Defaults" },
  { label: "Limits" },
  { label: "Stand-ins" },
  { label: "Worker chosen by" },
  { label: "Change" },
];

export type ModelTableProps = {
  models: readonly AdminModel[];
  onEdit: (view: AdminModel) => void;
  onRetire: (view: AdminModel) => void;
};

export function ModelTable({ models, onEdit, onRetire }: ModelTableProps) {
  return (
    <AdminTable label="Models" heads={HEADS}>
      {models.map((view) => (
        <tr key={view.model}>
          <th scope="row" className={`${CELL} text-left font-normal`}>
            <span className="font-mono">{view.model}</span>
            <span className="block text-xs text-ink-soft">
              {view.isAwake ? "Awake" : "Not awake"}
              {view.isHidden ? " · hidden by an alias of its name" : null}
              {view.retiredAt === null
                ? null
                : ` · retired ${formatDate(new Date(view.retiredAt))}`}
            </span>
          </th>
          <td className={CELL}>{toPriceWords(view.price)}</td>
          <td className={CELL}>
            <Lines fields={DEFAULT_FIELDS} values={view.defaults} />
          </td>
          <td className={CELL}>
            <Lines fields={LIMIT_FIELDS} values={view.limits} />
          </td>
          <td className={`${CELL} font-mono`}>{view.fallbacks.join(", ")}</td>
          <td className={CELL}>{view.dispatch ?? "Default"}</td>
          <td className={CELL}>
            <span className="flex flex-wrap gap-1">
              <Button size="small" onClick={() => onEdit(view)} aria-label={`Edit ${view.model}`}>
                Edit
              </Button>
              <Button
                variant="quiet"
                size="small"
                onClick={() => onRetire(view)}
                aria-label={
                  view.retiredAt === null ? `Retire ${view.model}` : `Bring ${view.model} back`
                }
              >
                {view.retiredAt === null ? "Retire…" : "Bring back…"}
              </Button>
            </span>
          </td>
        </tr>
      ))}
    </AdminTable>
  );
}

function toPriceWords(price: AdminModel["price"]): string {
  if (price === null) return "Free";
  const cached = price.cachedPrompt === undefined ? "" : ` (cached ${price.cachedPrompt})`;
  return `${price.prompt}${cached} in, ${price.completion} out`;
}

type LinesProps<Name extends string> = {
  fields: readonly { name: Name; label: string }[];
  values: Partial<Record<Name, number | undefined>>;
};

function Lines<Name extends string>({ fields, values }: LinesProps<Name>) {
  return fields.map(({ name, label }) =>
    values[name] === undefined ? null : (
      <span key={name} className="block">
        {label} {values[name]}
      </span>
    ),
  );
}
