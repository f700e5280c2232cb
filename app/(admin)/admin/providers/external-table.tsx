"use client";

import clsx from "clsx";
import { formatCount } from "@/components/format";
import { Button } from "@/components/ui/button";
import { credentialKeysOf, PROVIDERS } from "@/lib/protocol/provider-table";
import type { ExternalModelView, ProviderKeyView } from "@/lib/protocol/providers-view";
import { AdminTable, CELL, NUMBER } from "../admin-table";
import { PROVIDER_WORDS, STATE_WORDS } from "./provider-words";

const HEADS = [
  { label: "Model" },
  { label: "State" },
  { label: "Key" },
  { label: "Context", isNumber: true },
  { label: "Price, $ a million tokens" },
  { label: "Change" },
];

export type ExternalTableProps = {
  models: readonly ExternalModelView[];
  keys: readonly ProviderKeyView[];
  onEdit: (view: ExternalModelView) => void;
  onTry: (view: ExternalModelView) => void;
  onSwitch: (view: ExternalModelView) => void;
  onDelete: (view: ExternalModelView) => void;
};

export function ExternalTable({ models, keys, ...actions }: ExternalTableProps) {
  return (
    <AdminTable label="Models" heads={HEADS}>
      {models.map((view) => (
        <ExternalRow key={view.id} view={view} keys={keys} {...actions} />
      ))}
    </AdminTable>
  );
}

type ExternalRowProps = Omit<ExternalTableProps, "models"> & { view: ExternalModelView };

function ExternalRow({ view, keys, onEdit, onTry, onSwitch, onDelete }: ExternalRowProps) {
  const { entry, isEnabled } = view;
  const { name, provider, model, contextLength, prices } = entry;
  const makesVectorsAlone = entry.features.every((it) => it === "embeddings");
  return (
    <tr>
      <th scope="row" className={clsx(CELL, "max-w-64 text-left font-normal")}>
        <span className="block font-mono break-words">{name}</span>
        <span className="block text-xs break-words text-ink-soft">
          {PROVIDER_WORDS[provider]} · <span className="font-mono">{model}</span>
          {entry.anonymousOnly ? " · blind battles alone" : null}
        </span>
      </th>
      <td className={clsx(CELL, "max-w-72")}>
        <State state={view.state} />
        {view.problem === null ? null : (
          <span className="mt-1 block text-xs text-ink-soft">{view.problem}</span>
        )}
      </td>
      <td className={clsx(CELL, "max-w-48 break-words")}>
        <KeyWords view={view} keys={keys} />
      </td>
      <td className={clsx(CELL, NUMBER)}>
        {contextLength === undefined ? "not told" : formatCount(contextLength)}
      </td>
      <td className={CELL}>
        {prices === undefined
          ? "not told"
          : `${prices.input}${prices.cachedInput === undefined ? "" : ` (cached ${prices.cachedInput})`} in, ${prices.output} out`}
      </td>
      <td className={CELL}>
        <span className="flex gap-1">
          <Button size="small" onClick={() => onEdit(view)} aria-label={`Edit ${name}`}>
            Edit
          </Button>
          {makesVectorsAlone ? null : (
            <Button
              size="small"
              onClick={() => onTry(view)}
              disabled={!isEnabled}
              aria-label={`Try ${name}`}
            >
              Try it
            </Button>
          )}
          <Button
            variant="quiet"
            size="small"
            onClick={() => onSwitch(view)}
            aria-label={`Switch ${name} ${isEnabled ? "off" : "on"}`}
          >
            {isEnabled ? "Switch off" : "Switch on"}
          </Button>
          <Button
            variant="quiet"
            size="small"
            onClick={() => onDelete(view)}
            aria-label={`Delete ${name}`}
          >
            Delete…
          </Button>
        </span>
      </td>
    </tr>
  );
}

function KeyWords({ view: { entry, keyId }, keys }: Pick<ExternalRowProps, "view" | "keys">) {
  if (keyId !== null) return keys.find(({ id }) => id === keyId)?.name ?? "";
  if (credentialKeysOf(entry.provider).length === 0) return "the machine’s account";
  const variable = entry.key ?? entry.accessKeyId ?? PROVIDERS[entry.provider].variables.key;
  return variable === undefined ? "none" : <span className="font-mono">{variable}</span>;
}

/** Told by word and by form; the colour only repeats it. */
function State({ state }: { state: ExternalModelView["state"] }) {
  const isWaiting = state === "waiting";
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span
        aria-hidden="true"
        className={clsx(
          "size-2 rounded-full",
          state === "offered" && "bg-accent",
          (isWaiting || state === "off") && "border border-line-strong",
          isWaiting && "border-2",
          !isWaiting && state !== "off" && state !== "offered" && "border-2 border-danger",
        )}
      />
      {STATE_WORDS[state]}
    </span>
  );
}
