import { paths } from "@/lib/paths";
import {
  type BoardKey,
  isBoardPeriod,
  isCategory,
  isLanguage,
  OVERALL,
} from "@/lib/protocol/board-key";
import { toBoardSearch } from "../plots/board-search";
import { COLUMN_IDS, type ColumnId } from "./board-columns";
import type { Sorting } from "./sort-rows";

/** All that the board's page shows, as its address says it: a link to it shows the same to others. */
export type BoardAddress = {
  key: BoardKey;
  /** Words that a model's name or organisation has to contain. */
  search: string;
  organization: string | null;
  onlyOpen: boolean;
  withRetired: boolean;
  sorting: Sorting<ColumnId>;
  /** Null: the page decides. */
  columns: readonly ColumnId[] | null;
};

export const BY_RANK: Sorting<ColumnId> = { column: "rank", isDescending: false };

export const EVERYTHING: BoardAddress = {
  ...{ key: OVERALL, search: "", organization: null, onlyOpen: false, withRetired: false },
  ...{ sorting: BY_RANK, columns: null },
};

const isColumn = (text: string): text is ColumnId =>
  (COLUMN_IDS as readonly string[]).includes(text);

export type ReadAddress = {
  address: BoardAddress;
  /** What of it was not understood, a sentence each; the page shows what it did understand. */
  faults: string[];
};

/** @param category the part of the path after the board's own, decoded; absent: overall */
export function readBoardAddress(
  category: string | undefined,
  parameters: URLSearchParams,
): ReadAddress {
  const faults: string[] = [];
  const take = <T>(name: string, otherwise: T, read: (text: string) => T | undefined): T => {
    const text = parameters.get(name);
    if (text === null || text === "") return otherwise;
    const value = read(text);
    if (value !== undefined) return value;
    faults.push(`“${text.slice(0, 60)}” in the address is no ${name.replace("-", " ")}.`);
    return otherwise;
  };
  const key: BoardKey = {
    category: category !== undefined && isCategory(category) ? category : "overall",
    language: take("language", OVERALL.language, (it) => (isLanguage(it) ? it : undefined)),
    style: take("style", false, toSwitch),
    period: take("period", OVERALL.period, (it) => (isBoardPeriod(it) ? it : undefined)),
  };
  const address: BoardAddress = {
    key,
    search: parameters.get("search") ?? "",
    organization: parameters.get("organization") || null,
    onlyOpen: take("open", false, toSwitch),
    withRetired: take("retired", false, toSwitch),
    sorting: take("sort", BY_RANK, toSorting),
    columns: take("columns", null, toColumns),
  };
  return { address, faults };
}

const toSwitch = (text: string): boolean | undefined =>
  text === "true" ? true : text === "false" ? false : undefined;

/** "-votes": the most first. */
function toSorting(text: string): Sorting<ColumnId> | undefined {
  const column = text.replace(/^-/, "");
  return isColumn(column) ? { column, isDescending: text.startsWith("-") } : undefined;
}

function toColumns(text: string): ColumnId[] | undefined {
  const names = text.split(",");
  return names.every(isColumn) ? names : undefined;
}

/** `/api/leaderboard?category=coding`; without a question mark where there is nothing to ask. */
export function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query}`;
}

/** The one address of what is shown; what is so by itself is left out. */
export function boardHref(address: Partial<BoardAddress>): string {
  const { key, search, organization, onlyOpen, withRetired, sorting, columns } = {
    ...EVERYTHING,
    ...address,
  };
  const query = toBoardSearch(key);
  query.delete("category");
  if (onlyOpen) query.set("open", "true");
  if (withRetired) query.set("retired", "true");
  if (organization !== null) query.set("organization", organization);
  if (search !== "") query.set("search", search);
  if (sorting.column !== BY_RANK.column || sorting.isDescending) {
    query.set("sort", `${sorting.isDescending ? "-" : ""}${sorting.column}`);
  }
  if (columns !== null) query.set("columns", columns.join(","));
  // Commas may stand in a query as they are (RFC 3986, §3.4), and a link is read by people.
  const text = query.toString().replaceAll("%2C", ",");
  const path = key.category === "overall" ? paths.leaderboard : paths.leaderboardOf(key.category);
  return text === "" ? path : `${path}?${text}`;
}

type Filtered = {
  model: string;
  organization: string | null;
  hasOpenWeights: boolean | null;
  isRetired: boolean;
};
type Filters = Pick<BoardAddress, "search" | "organization" | "onlyOpen" | "withRetired">;

/** Rows that pass the filters; where nobody said whether weights are open, they are not counted as open. */
export function filterRows<Row extends Filtered>(rows: readonly Row[], filters: Filters): Row[] {
  const words = filters.search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (row.isRetired && !filters.withRetired) return false;
    if (filters.onlyOpen && row.hasOpenWeights !== true) return false;
    if (filters.organization !== null && row.organization !== filters.organization) return false;
    const text = `${row.model} ${row.organization ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
