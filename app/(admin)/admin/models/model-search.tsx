"use client";

import { FILTER_LABELS, MODEL_FILTERS, type ModelFilter } from "./filter-models";

export const SEARCH_FIELD =
  "h-10 rounded-md border border-line-strong bg-surface px-3 text-base sm:text-sm pointer-coarse:h-11";

export type ModelSearchProps = {
  search: string;
  filter: ModelFilter;
  /** For readers: how many are left. */
  status: string;
  onChange: (changed: { search?: string; filter?: ModelFilter }) => void;
};

/** Above a long list of models. */
export function ModelSearch({ search, filter, status, onChange }: ModelSearchProps) {
  return (
    <search className="mb-4 flex flex-wrap items-center gap-3">
      <input
        type="search"
        value={search}
        maxLength={256}
        onChange={({ target }) => onChange({ search: target.value })}
        placeholder="Find a model"
        aria-label="Find a model"
        className={`${SEARCH_FIELD} w-full sm:w-72`}
      />
      <select
        value={filter}
        aria-label="Which models"
        onChange={({ target }) =>
          onChange({ filter: MODEL_FILTERS.find((it) => it === target.value) ?? "all" })
        }
        className={`${SEARCH_FIELD} w-full sm:w-auto`}
      >
        {MODEL_FILTERS.map((it) => (
          <option key={it} value={it}>
            {FILTER_LABELS[it]}
          </option>
        ))}
      </select>
      <p role="status" className="text-sm text-ink-soft">
        {status}
      </p>
    </search>
  );
}
