"use client";

import { formatDate } from "@/components/format";
import { Button } from "@/components/ui/button";
import type { ProviderKeyView } from "@/lib/protocol/providers-view";
import { AdminTable, CELL } from "../admin-table";
import { toKeyWords } from "./provider-words";

const HEADS = [
  { label: "Key" },
  { label: "Provider" },
  { label: "Used by" },
  { label: "Entered" },
  { label: "Change" },
];

export type ProviderKeyTableProps = {
  keys: readonly ProviderKeyView[];
  onReplace: (view: ProviderKeyView) => void;
  onDelete: (view: ProviderKeyView) => void;
};

export function ProviderKeyTable({ keys, onReplace, onDelete }: ProviderKeyTableProps) {
  return (
    <AdminTable label="Keys" heads={HEADS}>
      {keys.map((view) => (
        <tr key={view.id}>
          <th scope="row" className={`${CELL} max-w-64 text-left font-normal`}>
            <span className="block font-medium break-words">{view.name}</span>
            {view.opens ? null : (
              <span className="block text-xs text-danger">
                Cannot be opened: PARLEY_SECRET has changed. Enter it again.
              </span>
            )}
          </th>
          <td className={CELL}>{toKeyWords(view.provider)}</td>
          <td className={`${CELL} max-w-72`}>
            {view.models.length === 0 ? (
              <span className="text-ink-soft">No model</span>
            ) : (
              <span className="font-mono break-words">{view.models.join(", ")}</span>
            )}
          </td>
          <td className={`${CELL} whitespace-nowrap`}>
            <time dateTime={view.updatedAt}>{formatDate(new Date(view.updatedAt))}</time>
          </td>
          <td className={`${CELL} whitespace-nowrap`}>
            <span className="flex gap-1">
              <Button
                size="small"
                onClick={() => onReplace(view)}
                aria-label={`Replace ${view.name}`}
              >
                Replace
              </Button>
              <Button
                variant="quiet"
                size="small"
                onClick={() => onDelete(view)}
                aria-label={`Delete ${view.name}`}
              >
                Delete…
              </Button>
            </span>
          </td>
        </tr>
      ))}
    </AdminTable>
  );
}
