import type { ReactNode } from "react";
import type { UsageReport } from "@/lib/protocol/usage-view";
import { ownerWords } from "./usage-words";

const PERIODS: readonly [days: number, label: string][] = [
  [1, "Today"],
  [7, "7 days"],
  [30, "30 days"],
  [90, "90 days"],
  [366, "A year"],
];

export type UsageFiltersProps = {
  days: number;
  /** Empty for all. */
  owner: string;
  callers: UsageReport["keys"];
  onDays: (days: number) => void;
  onOwner: (owner: string) => void;
};

export function UsageFilters({ days, owner, callers, onDays, onOwner }: UsageFiltersProps) {
  const isListed = owner === "" || callers.some((it) => it.owner === owner);
  return (
    <form className="flex flex-wrap gap-4" onSubmit={(event) => event.preventDefault()}>
      <Choice label="Period" value={String(days)} onChange={(value) => onDays(Number(value))}>
        {PERIODS.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Choice>
      <Choice label="Caller" value={owner} onChange={onOwner}>
        <option value="">All callers</option>
        {callers.map((it) => (
          <option key={it.owner} value={it.owner}>
            {ownerWords(it)}
          </option>
        ))}
        {/* Chosen in a longer period, and without a request in this one. */}
        {isListed ? null : <option value={owner}>The caller chosen before</option>}
      </Choice>
    </form>
  );
}

type ChoiceProps = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
};

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <label className="flex min-w-0 flex-col gap-1 text-xs text-ink-soft">
      {label}
      <select
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="h-10 max-w-full min-w-40 rounded-md border border-line bg-surface px-3 text-sm text-ink hover:border-line-strong pointer-coarse:h-11"
      >
        {children}
      </select>
    </label>
  );
}
