"use client";

import { useState } from "react";
import { SEARCH_FIELD } from "../models/model-search";
import { ExternalTable, type ExternalTableProps } from "./external-table";
import { findExternal } from "./find-external";

/** So many are seen at a glance; of more, some are looked for. */
const ALL_SHOWN_MAX = 8;

export function ExternalList(props: ExternalTableProps) {
  const { models, keys } = props;
  const [search, setSearch] = useState("");
  if (models.length <= ALL_SHOWN_MAX) return <ExternalTable {...props} />;
  const found = findExternal(models, keys, search);
  return (
    <>
      <search className="mb-4 flex flex-wrap items-center gap-3">
        <input
          type="search"
          value={search}
          maxLength={256}
          onChange={({ target }) => setSearch(target.value)}
          placeholder="Find a model"
          aria-label="Find a model"
          className={`${SEARCH_FIELD} w-full sm:w-72`}
        />
        <p role="status" className="text-sm text-ink-soft">
          {found.length < models.length && `${found.length} of ${models.length} models`}
        </p>
      </search>
      {found.length === 0 ? (
        <p className="border-t border-line py-8 text-sm text-ink-soft">No model is like that.</p>
      ) : (
        <ExternalTable {...props} models={found} />
      )}
    </>
  );
}
