import { paths } from "@/lib/paths";
import { BOARD_PERIODS } from "@/lib/protocol/board-key";

export type BoardPeriod = (typeof BOARD_PERIODS)[number];

/** All that the overview shows, as its address says it. */
export type OverviewAddress = {
  style: boolean;
  period: BoardPeriod;
  /** What stands in the cells. */
  show: "rank" | "score";
  /** A column's key, or the model's name. */
  sortBy: string;
  isDescending: boolean;
  search: string;
  onlyOpen: boolean;
  withRetired: boolean;
};

export const BY_MODEL = "model";

/** What is not understood of it is as if it were not there. */
export function readOverviewAddress(query: URLSearchParams): OverviewAddress {
  const sort = query.get("sort") ?? "";
  return {
    style: query.get("style") === "true",
    period: BOARD_PERIODS.find((it) => it === query.get("period")) ?? "all",
    show: query.get("show") === "score" ? "score" : "rank",
    sortBy: sort.replace(/^-/, ""),
    isDescending: sort.startsWith("-"),
    search: query.get("search") ?? "",
    onlyOpen: query.get("open") === "true",
    withRetired: query.get("retired") === "true",
  };
}

export function overviewHref(address: OverviewAddress): string {
  const { style, period, show, sortBy, isDescending, search, onlyOpen, withRetired } = address;
  const query = new URLSearchParams({
    ...(style && { style: "true" }),
    ...(period !== "all" && { period }),
    ...(show !== "rank" && { show }),
    ...(sortBy !== "" && { sort: `${isDescending ? "-" : ""}${sortBy}` }),
    ...(onlyOpen && { open: "true" }),
    ...(withRetired && { retired: "true" }),
    ...(search !== "" && { search }),
  });
  return query.size === 0 ? paths.leaderboardOverview : `${paths.leaderboardOverview}?${query}`;
}
