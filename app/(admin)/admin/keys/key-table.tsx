"use client";

import clsx from "clsx";
import { formatAge, formatDate } from "@/components/format";
import { Button } from "@/components/ui/button";
import type { KeyView } from "@/lib/protocol/key-view";
import { AdminTable, type AdminTableProps, CELL, NUMBER } from "../admin-table";
import { toLimitWords } from "./limit-words";

const HEADS: AdminTableProps["heads"] = [
  { label: "Key" },
  { label: "State" },
  { label: "May do" },
  { label: "Models" },
  { label: "Limits" },
  { label: "Expires", isNumber: true },
  { label: "Last used", isNumber: true },
  { label: "Change" },
];

export type KeyTableProps = {
  keys: readonly KeyView[];
  onEdit: (key: KeyView) => void;
  onRevoke: (key: KeyView) => void;
};

export function KeyTable({ keys, ...actions }: KeyTableProps) {
  return (
    <AdminTable label="Keys" heads={HEADS}>
      {keys.map((key) => (
        <KeyRow key={key.id} view={key} {...actions} />
      ))}
    </AdminTable>
  );
}

type KeyRowProps = Omit<KeyTableProps, "keys"> & { view: KeyView };

function KeyRow({ view, onEdit, onRevoke }: KeyRowProps) {
  const limits = toLimitWords(view.limits);
  return (
    <tr>
      <th scope="row" className={clsx(CELL, "max-w-56 text-left font-normal")}>
        <span className="block font-medium break-words">{view.name}</span>
        <span className="font-mono text-xs text-ink-soft">{view.prefix}…</span>
      </th>
      <td className={CELL}>
        <State state={view.state} />
        {view.revokedAt === null ? null : (
          <span className="block text-xs text-ink-soft">
            <Moment at={view.revokedAt} />
          </span>
        )}
      </td>
      <td className={CELL}>{view.scopes.join(", ") || "nothing"}</td>
      <td className={clsx(CELL, "max-w-56")}>
        {view.models === null ? "all" : <List items={view.models} className="font-mono" />}
      </td>
      <td className={clsx(CELL, "max-w-64")}>
        {limits.length === 0 ? "none" : <List items={limits} />}
      </td>
      <td className={clsx(CELL, NUMBER)}>
        {view.expiresAt === null ? "never" : <Moment at={view.expiresAt} />}
      </td>
      <td className={clsx(CELL, NUMBER)}>
        {view.lastUsedAt === null ? (
          "never"
        ) : (
          <time dateTime={view.lastUsedAt} title={formatDate(new Date(view.lastUsedAt))}>
            {formatAge(Date.now() - Date.parse(view.lastUsedAt))}
          </time>
        )}
      </td>
      <td className={clsx(CELL, "whitespace-nowrap")}>
        {view.state === "revoked" ? null : (
          <span className="flex gap-2">
            <Button size="small" aria-label={`Edit ${view.name}`} onClick={() => onEdit(view)}>
              Edit
            </Button>
            <Button size="small" aria-label={`Revoke ${view.name}`} onClick={() => onRevoke(view)}>
              Revoke
            </Button>
          </span>
        )}
      </td>
    </tr>
  );
}

function List({ items, className }: { items: readonly string[]; className?: string }) {
  return (
    <ul className={className}>
      {items.map((item) => (
        <li key={item} className="break-words">
          {item}
        </li>
      ))}
    </ul>
  );
}

function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{formatDate(new Date(at))}</time>;
}

const STATES = { live: "Live", expired: "Expired", revoked: "Revoked" } as const;

/** Told by word and by form; the colour only repeats it. */
function State({ state }: { state: KeyView["state"] }) {
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span
        aria-hidden="true"
        className={clsx(
          "size-2 rounded-full",
          state === "live" && "bg-accent",
          state === "expired" && "border-2 border-line-strong",
          state === "revoked" && "border border-danger",
        )}
      />
      {STATES[state]}
    </span>
  );
}
