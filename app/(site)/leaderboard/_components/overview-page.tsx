"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { filterRows } from "@/components/board/board-address";
import { periodLabel } from "@/components/board/board-labels";
import { loadBoardViews } from "@/components/load-board-views";
import { requestChecked, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { moveAddress, useAddressText } from "@/components/use-address-text";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import { BOARD_PERIODS } from "@/lib/protocol/board-key";
import type { Overview } from "@/lib/protocol/board-view";
import { BoardSkeleton, NoVotes } from "./board-states";
import { Choice, SEARCH_FROM_ROWS, SearchField, SwitchLine, Toggle } from "./board-switches";
import { type OverviewAddress, overviewHref, readOverviewAddress } from "./overview-address";
import { OverviewGrid } from "./overview-grid";

export type OverviewPageProps = {
  initial: Overview | null;
  /** What `initial` was read for. */
  initialAddress: OverviewAddress;
};

type Go = (change: Partial<OverviewAddress>, how?: "push" | "replace") => void;

function go(change: Partial<OverviewAddress>, how: "push" | "replace" = "push"): void {
  const now = readOverviewAddress(new URLSearchParams(window.location.search));
  moveAddress(overviewHref({ ...now, ...change }), how);
}

const isOverview = (pathname: string) => pathname === paths.leaderboardOverview;

export function OverviewPage({ initial, initialAddress }: OverviewPageProps) {
  const text = useAddressText(isOverview);
  const address = useMemo(
    () => readOverviewAddress(new URLSearchParams(text.split("?")[1])),
    [text],
  );
  const { style, period } = address;
  const isInitial = style === initialAddress.style && period === initialAddress.period;
  const overview = useQuery({
    queryKey: ["overview", style, period],
    queryFn: ({ signal }): Promise<Overview> =>
      requestChecked(
        `${paths.api.leaderboardOverview}?style=${style}&period=${period}`,
        loadBoardViews().then((views) => views.overviewSchema),
        { signal },
      ),
    ...(initial && isInitial && { initialData: initial }),
    placeholderData: keepPreviousData,
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
  });
  const { data, error } = overview;
  return (
    <>
      <Switches address={address} go={go} rowCount={data?.rows.length ?? 0} />
      {data ? (
        <Grid data={data} address={address} isBusy={overview.isPlaceholderData} />
      ) : error === null ? (
        <BoardSkeleton />
      ) : (
        <Notice
          tone="danger"
          action={
            <Button size="small" onClick={() => void overview.refetch()}>
              Try again
            </Button>
          }
        >
          The overview could not be read. {toRequestError(error).message} Every vote is kept.
        </Notice>
      )}
    </>
  );
}

type SwitchesProps = { address: OverviewAddress; go: Go; rowCount: number };

function Switches({ address, go, rowCount }: SwitchesProps) {
  const { show, style, period, onlyOpen, withRetired, search } = address;
  return (
    <div className="mb-5 flex flex-wrap gap-2 border-t border-line pt-4">
      <SwitchLine>
        <Choice
          label="In the cells"
          value={show}
          onChange={(value) => go({ show: value === "score" ? "score" : "rank" })}
        >
          <option value="rank">Ranks</option>
          <option value="score">Scores</option>
        </Choice>
        <Choice
          label="Period"
          value={period}
          onChange={(value) => go({ period: BOARD_PERIODS.find((it) => it === value) ?? "all" })}
        >
          {BOARD_PERIODS.map((it) => (
            <option key={it} value={it}>
              {periodLabel(it)}
            </option>
          ))}
        </Choice>
        <Toggle isOn={style} onToggle={() => go({ style: !style })}>
          Style control
        </Toggle>
        <Toggle isOn={onlyOpen} onToggle={() => go({ onlyOpen: !onlyOpen })}>
          Open weights
        </Toggle>
        <Toggle isOn={withRetired} onToggle={() => go({ withRetired: !withRetired })}>
          Retired models
        </Toggle>
      </SwitchLine>
      {(rowCount >= SEARCH_FROM_ROWS || search !== "") && (
        <SearchField value={search} onChange={(text) => go({ search: text }, "replace")} />
      )}
    </div>
  );
}

type GridProps = { data: Overview; address: OverviewAddress; isBusy: boolean };

function Grid({ data, address, isBusy }: GridProps) {
  const rows = useMemo(
    () => filterRows(data.rows, { ...address, organization: null }),
    [data, address],
  );
  if (data.rows.length === 0) return <NoVotes />;
  if (rows.length === 0) {
    return (
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3 border-y border-line py-6 text-sm text-ink-soft">
        <p>No model passes these filters.</p>
        <Button size="small" onClick={() => go({ search: "", onlyOpen: false, withRetired: true })}>
          Show all models
        </Button>
      </div>
    );
  }
  const hasPreliminary = rows.some((row) => row.cells.some((cell) => cell?.isPreliminary));
  return (
    <>
      <OverviewGrid columns={data.columns} rows={rows} address={address} go={go} isBusy={isBusy} />
      {hasPreliminary && (
        <p className="mt-4 max-w-[68ch] text-xs text-ink-soft">
          <span className="font-medium text-ink">A hollow dot</span>: preliminary, on so few votes
          that it may move far yet.
        </p>
      )}
    </>
  );
}
