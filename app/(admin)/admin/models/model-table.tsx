"use client";

import { countOf, formatBytes, formatCount, formatDate, formatLicence } from "@/components/format";
import { Button } from "@/components/ui/button";
import type { AdminModel } from "@/lib/protocol/catalog-view";
import { toContextLength } from "@/lib/protocol/operator-card";
import { VISIBILITY_WORDS, type Visibility, type VisibilityWord } from "@/lib/protocol/visibility";
import { AdminTable, CELL, NUMBER } from "../admin-table";
import { LIMIT_FIELDS } from "../keys/limit-words";
import { DEFAULT_FIELDS } from "./catalog-drafts";
import { describeModel } from "./filter-models";

const HEADS = [
  { label: "Model" },
  { label: "Met in" },
  { label: "Card" },
  { label: "Price, $ a million tokens" },
  { label: "Set" },
  { label: "On disk", isNumber: true },
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
          <th scope="row" className={`${CELL} max-w-64 min-w-44 text-left font-normal`}>
            <span className="font-mono wrap-anywhere">{view.model}</span>
            <span className="block text-xs text-ink-soft">
              {toStateWords(view)}
              {view.isHidden ? " · hidden by an alias of its name" : null}
              {view.retiredAt === null
                ? null
                : ` · retired ${formatDate(new Date(view.retiredAt))}`}
            </span>
          </th>
          <td className={CELL}>
            <Places visibility={view.visibility} />
          </td>
          <td className={`${CELL} min-w-40`}>
            <Card view={view} />
          </td>
          <td className={CELL}>
            <PriceCell view={view} />
          </td>
          <td className={CELL}>
            <SetCell view={view} />
          </td>
          <td className={`${CELL} ${NUMBER}`}>{toDiskWords(view)}</td>
          <td className={CELL}>
            <span className="flex gap-1">
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

function toStateWords({ isAwake, servers }: AdminModel): string {
  if (!isAwake) return "Not awake";
  return servers.length > 1 ? `Awake on ${countOf(servers.length, "worker")}` : "Awake";
}

const PLACE_WORDS: Record<VisibilityWord, string> = {
  arena: "Arena",
  direct: "Direct",
  api: "API",
};
const CHIP = "rounded-full border px-2 py-0.5 text-xs whitespace-nowrap";

function Places({ visibility }: { visibility: Visibility }) {
  if (visibility.isAnonymousOnly) {
    return (
      <>
        <span className={`${CHIP} border-accent font-medium text-accent`}>Battles alone</span>
        <span className="mt-1 block text-xs text-ink-soft">
          {visibility.arena ? "Named nowhere" : "Named nowhere, and not drawn"}
        </span>
      </>
    );
  }
  const places = VISIBILITY_WORDS.filter((word) => visibility[word]);
  if (places.length === 0) return <span className="text-ink-soft">Nowhere</span>;
  return (
    <span className="flex flex-wrap gap-1">
      {places.map((word) => (
        <span key={word} className={`${CHIP} border-line-strong`}>
          {PLACE_WORDS[word]}
        </span>
      ))}
    </span>
  );
}

function Card({ view }: { view: AdminModel }) {
  const { organization, licence, hasOpenWeights, link } = describeModel(view);
  const held = view.servers.map(({ contextLength }) => contextLength);
  const context =
    held.length === 0 ? view.card.contextLength : toContextLength(Math.max(...held), view.card);
  const weights = hasOpenWeights === undefined ? null : hasOpenWeights ? "open weights" : "closed";
  const facts = [
    licence ? formatLicence(licence) : null,
    weights,
    context === undefined ? null : `${formatCount(context)} tokens`,
  ];
  return (
    <>
      {organization ?? <span className="text-ink-soft">Maker not told</span>}
      <span className="block text-xs text-ink-soft">{facts.filter(Boolean).join(" · ")}</span>
      {link !== undefined && (
        <a
          href={link}
          rel="noreferrer noopener"
          target="_blank"
          className="text-xs text-accent underline underline-offset-4"
        >
          {hostOf(link)}
        </a>
      )}
    </>
  );
}

const hostOf = (link: string) => (URL.canParse(link) ? new URL(link).host : link);

function PriceCell({ view: { price, charged, told } }: { view: AdminModel }) {
  const isTold = price === null && charged !== null;
  const isFreed = charged === null && price !== null && told?.price;
  return (
    <>
      {toPriceWords(charged)}
      {(isTold || isFreed) && (
        <span className="block text-xs text-ink-soft">
          {isTold ? "As its worker says" : `Its worker says ${toPriceWords(told?.price ?? null)}`}
        </span>
      )}
    </>
  );
}

function toPriceWords(price: AdminModel["price"]): string {
  if (price === null) return "Free";
  const cached = price.cachedPrompt === undefined ? "" : ` (cached ${price.cachedPrompt})`;
  return `${price.prompt}${cached} in, ${price.completion} out`;
}

function SetCell({ view: { defaults, limits, fallbacks, dispatch } }: { view: AdminModel }) {
  const count = [defaults, limits, fallbacks].flatMap((it) => Object.keys(it)).length;
  if (count === 0 && dispatch === null) return <span className="text-ink-soft">–</span>;
  return (
    <span className="text-xs">
      <Lines fields={DEFAULT_FIELDS} values={defaults} />
      <Lines fields={LIMIT_FIELDS} values={limits} />
      {fallbacks.length > 0 && (
        <span className="block">
          Stand-ins <span className="font-mono">{fallbacks.join(", ")}</span>
        </span>
      )}
      {dispatch !== null && <span className="block">Worker by {dispatch}</span>}
    </span>
  );
}

/** One worker's files are another's where both are on one machine; the sum of machines is what disks hold. */
function toDiskWords({ servers }: AdminModel): string {
  const byHost = new Map<string, number>();
  for (const { host, name, build, diskBytes } of servers) {
    if (diskBytes !== null) byHost.set(`${host ?? name} ${build}`, diskBytes);
  }
  if (byHost.size === 0) return "–";
  return formatBytes([...byHost.values()].reduce((sum, bytes) => sum + bytes, 0));
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
