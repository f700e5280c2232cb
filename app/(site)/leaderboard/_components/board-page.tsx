"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useMemo } from "react";
import { type BoardAddress, EVERYTHING, filterRows } from "@/components/board/board-address";
import type { BoardTableRow } from "@/components/board/board-columns";
import { boardLabel } from "@/components/board/board-labels";
import { BoardTable } from "@/components/board/board-table";
import { toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { useAnnouncer } from "@/components/use-announcer";
import { boardKeyText } from "@/lib/protocol/board-key";
import type { BoardChoices, BoardView } from "@/lib/protocol/board-view";
import { Figures } from "../_figures/figures";
import { BoardLegend } from "./board-legend";
import { BoardLine } from "./board-line";
import { BoardSkeleton, Computing, NothingHere, NoVotes, Unrated } from "./board-states";
import { BoardSwitches } from "./board-switches";
import { CategoryLinks } from "./category-links";
import { PageLinks } from "./page-links";
import { PersonalBoard } from "./personal-board";
import { PublishedList } from "./published-list";
import { StylePanel } from "./style-panel";
import { useBoard, useChoices, usePersonalBoard } from "./use-board";
import { type Go, useBoardAddress } from "./use-board-address";
import { useBoardNews } from "./use-board-news";

// Opened rows and figures are of those who look further: their script comes when they do.
const RowDetail = dynamic(() => import("./row-detail").then((it) => it.RowDetail));

export type BoardPageProps = {
  initial: BoardView | null;
  choices: BoardChoices | null;
  /** A model rated on so many votes or fewer is marked as preliminary. */
  preliminaryVotesMax: number | null;
};

export function BoardPage({
  initial,
  choices: initialChoices,
  preliminaryVotesMax,
}: BoardPageProps) {
  const { address, faults, go } = useBoardAddress();
  const board = useBoard(address.key, initial);
  const view = board.data;
  const version = view?.fingerprint ?? "";
  const choices = useChoices(initialChoices).data;
  const mine = usePersonalBoard();
  const { announce, region } = useAnnouncer();
  useBoardNews(board.isPlaceholderData ? undefined : view, announce);
  useTitle(boardLabel(address.key));
  const ownRanks = useMemo(
    () => new Map(mine.data?.rows.map((row) => [row.model, row.rank])),
    [mine.data],
  );
  const all = useMemo(
    () =>
      view?.rows.map((row): BoardTableRow => ({ ...row, mine: ownRanks.get(row.model) ?? null })),
    [view, ownRanks],
  );
  const { organization, onlyOpen, withRetired } = address;
  const drawn = useMemo(
    () => filterRows(view?.rows ?? [], { search: "", organization, onlyOpen, withRetired }),
    [view, organization, onlyOpen, withRetired],
  );
  const shown = useMemo(
    () => filterRows(drawn, { ...EVERYTHING, withRetired: true, search: address.search }),
    [drawn, address.search],
  );
  const hasPictures = view?.rows.some((row) => row.rating !== null) ?? false;
  const hasOwn = view !== undefined && view.voteCount + (mine.data?.votes ?? 0) > 0;
  const publicRanks = useMemo(
    () => new Map(view?.rows.map((row) => [row.model, row.rank])),
    [view],
  );
  return (
    <>
      {region}
      <CategoryLinks address={address} go={go} />
      <BoardSwitches
        address={address}
        onChange={go}
        choices={choices}
        organizations={toOrganizations(view)}
        rowCount={view?.rows.length ?? 0}
      />
      {faults.length > 0 && (
        <Notice className="mt-4">{faults.join(" ")} The rest of it is shown.</Notice>
      )}
      <BoardLine
        address={address}
        view={view}
        rows={all ?? []}
        shownCount={shown.length}
        isStale={board.error !== null}
        onColumns={(columns) => go({ columns })}
      />
      <PageLinks
        links={[
          ...(hasOwn ? ([["#your-board", "Your board"]] as const) : []),
          ...(hasPictures ? ([["#figures", "Pictures"]] as const) : []),
          ...(choices && choices.published.length > 0
            ? ([["#published", "Published boards"]] as const)
            : []),
        ]}
      />
      <BoardBody
        {...{ address, go, view, all }}
        error={board.error}
        isBusy={board.isPlaceholderData}
        onRetry={() => void board.refetch()}
      />
      {view && <BoardLegend rows={shown} preliminaryVotesMax={preliminaryVotesMax} />}
      {view?.key.style && !board.isPlaceholderData && (
        <StylePanel coefficients={view.coefficients} />
      )}
      {hasOwn && (
        <PersonalBoard
          board={mine.data}
          error={mine.error}
          onRetry={() => void mine.refetch()}
          publicRanks={publicRanks}
          publicName={boardLabel(view.key)}
        />
      )}
      {view && hasPictures && <Figures boardKey={view.key} rows={drawn} fingerprint={version} />}
      {choices && <PublishedList published={choices.published} />}
    </>
  );
}

type BoardBodyProps = {
  address: BoardAddress;
  go: Go;
  view: BoardView | undefined;
  all: readonly BoardTableRow[] | undefined;
  error: Error | null;
  isBusy: boolean;
  onRetry: () => void;
};

function BoardBody({ address, go, view, all, error, isBusy, onRetry }: BoardBodyProps) {
  const { search, organization, onlyOpen, withRetired } = address;
  const rows = useMemo(
    () => filterRows(all ?? [], { search, organization, onlyOpen, withRetired }),
    [all, search, organization, onlyOpen, withRetired],
  );
  const fingerprint = view?.fingerprint ?? "";
  const boardKey = view?.key;
  const renderDetail = useCallback(
    (row: BoardTableRow) =>
      boardKey && <RowDetail row={row} boardKey={boardKey} fingerprint={fingerprint} />,
    [boardKey, fingerprint],
  );
  if (!view || !all) {
    return error === null ? (
      <BoardSkeleton />
    ) : (
      <Notice
        tone="danger"
        action={
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        }
      >
        The board could not be read. {toRequestError(error).message} Every vote is kept.
      </Notice>
    );
  }
  if (view.computedAt === null && view.progress !== null)
    return <Computing progress={view.progress} />;
  if (all.length === 0) {
    const isEverything = boardKeyText(view.key) === boardKeyText(EVERYTHING.key);
    return isEverything ? (
      <NoVotes />
    ) : (
      <NothingHere board={boardLabel(view.key)} onShowAll={() => go({ key: EVERYTHING.key })} />
    );
  }
  return (
    <>
      {!view.rows.some((row) => row.rating !== null) && <Unrated voteCount={view.voteCount} />}
      <BoardTable
        label={`Leaderboard, ${boardLabel(view.key)}`}
        rows={rows}
        scaledBy={all}
        sorting={address.sorting}
        onSort={(sorting) => go({ sorting })}
        chosen={address.columns}
        version={`${boardKeyText(view.key)} ${fingerprint}`}
        isBusy={isBusy}
        renderDetail={renderDetail}
      />
      {rows.length === 0 && <NoneLeft go={go} />}
    </>
  );
}

function NoneLeft({ go }: { go: Go }) {
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-3 border-b border-line py-6 text-sm text-ink-soft">
      <p>No model passes these filters.</p>
      <Button
        size="small"
        onClick={() => {
          const { search, organization, onlyOpen, withRetired } = EVERYTHING;
          go({ search, organization, onlyOpen, withRetired });
        }}
      >
        Show all models
      </Button>
    </div>
  );
}

function toOrganizations(view: BoardView | undefined): string[] {
  const names = view?.rows.map((row) => row.organization).filter((it) => it !== null);
  return [...new Set(names)].sort((left, right) => left.localeCompare(right, "en"));
}

/** The address changes without the server, which wrote the first title. */
function useTitle(label: string): void {
  useEffect(() => {
    document.title =
      label === "Overall" ? "Leaderboard · Parley" : `${label} · Leaderboard · Parley`;
  }, [label]);
}
