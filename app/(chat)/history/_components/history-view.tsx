"use client";

import { Search } from "lucide-react";
import Link from "next/link";
import { lazy, Suspense, useRef, useState } from "react";
import { countOf } from "@/components/format";
import { toRequestError } from "@/components/request-json";
import { Button, buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { useOnline } from "@/components/use-online";
import { SEARCH_CHARACTERS_MAX } from "@/lib/arena-limits";
import { paths } from "@/lib/paths";
import type { ConversationItem } from "@/lib/protocol/conversation-view";
import { groupByDay } from "./group-by-day";
import { HistoryFooter } from "./history-footer";
import { HistoryRow } from "./history-row";
import { useHistory, useSettled } from "./use-history";

const ShareDialog = lazy(() =>
  import("@/components/share/share-dialog").then((it) => ({ default: it.ShareDialog })),
);
const DeleteSheet = lazy(() =>
  import("./delete-sheet").then((it) => ({ default: it.DeleteSheet })),
);

type Open = { what: "share" | "delete"; item: ConversationItem } | null;

export function HistoryView() {
  const [typed, setTyped] = useState("");
  const query = useSettled(typed);
  const list = useHistory(query);
  const [open, setOpen] = useState<Open>(null);
  const input = useRef<HTMLInputElement>(null);
  const isOnline = useOnline();
  const items = list.data?.pages.flatMap((page) => page.conversations);
  const isEmpty = items?.length === 0;

  return (
    <>
      <label className="flex h-12 items-center gap-3 rounded-lg border border-line-strong bg-surface px-4 focus-within:border-accent focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent">
        <Search size={18} strokeWidth={1.5} aria-hidden="true" className="shrink-0 text-ink-soft" />
        <span className="sr-only">Search your conversations</span>
        <input
          ref={input}
          type="search"
          value={typed}
          maxLength={SEARCH_CHARACTERS_MAX}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && setTyped("")}
          placeholder="Search what was said"
          autoComplete="off"
          className="h-full min-w-0 flex-1 bg-transparent outline-none placeholder:text-ink-soft"
        />
      </label>
      <p role="status" className="mt-2 h-5 text-xs text-ink-soft">
        {query !== "" &&
          items &&
          !list.isPlaceholderData &&
          toFound(items.length, list.hasNextPage)}
      </p>
      {list.error && (
        <Notice
          tone="danger"
          className="mt-4"
          action={
            <Button size="small" onClick={() => void list.refetch()}>
              Try again
            </Button>
          }
        >
          Your conversations could not be read. {toRequestError(list.error).message} Nothing was
          lost.
        </Notice>
      )}
      {list.isPending && !list.error && <HistorySkeleton />}
      {isEmpty && !list.isPlaceholderData && (query === "" ? <Nothing /> : <NothingFound />)}
      {items &&
        groupByDay(items, new Date()).map(({ day, items: ofDay }) => (
          <section key={day} aria-labelledby={toId(day)} className="mt-8">
            <h2 id={toId(day)} className="pb-2 text-xs font-medium text-ink-soft">
              {day}
            </h2>
            <ul className="divide-y divide-line border-y border-line">
              {ofDay.map((item) => (
                <HistoryRow
                  key={item.id}
                  item={item}
                  isOnline={isOnline}
                  onShare={() => setOpen({ what: "share", item })}
                  onDelete={() => setOpen({ what: "delete", item })}
                />
              ))}
            </ul>
          </section>
        ))}
      {list.hasNextPage && (
        <div className="mt-6 text-center">
          <Button
            disabled={list.isFetchingNextPage || !isOnline}
            onClick={() => void list.fetchNextPage()}
          >
            Show older ones
          </Button>
        </div>
      )}
      {items && (items.length > 0 || query !== "") && <HistoryFooter isOnline={isOnline} />}
      <Suspense>
        {open?.what === "share" && (
          <ShareDialog conversationId={open.item.id} onClose={() => setOpen(null)} />
        )}
        {open?.what === "delete" && (
          <DeleteSheet
            item={open.item}
            onClose={() => setOpen(null)}
            onDeleted={() => {
              setOpen(null);
              // The row that had the focus is gone.
              input.current?.focus();
            }}
          />
        )}
      </Suspense>
    </>
  );
}

const toId = (day: string) => `day-${day.replaceAll(" ", "-").toLowerCase()}`;

function toFound(count: number, hasMore: boolean): string {
  if (count === 0) return "Nothing found";
  return hasMore
    ? `The newest ${count} that were found`
    : `${countOf(count, "conversation")} found`;
}

function Nothing() {
  return (
    <div className="py-18">
      <p className="font-display text-xl">Nothing here yet.</p>
      <p className="mt-3 mb-6 max-w-[52ch] text-ink-soft">
        Each question you ask, in a battle, a comparison or a chat, is kept here until you delete
        it.
      </p>
      <Link href={paths.battle} prefetch={false} className={buttonClass({ variant: "primary" })}>
        Ask something
      </Link>
    </div>
  );
}

function NothingFound() {
  return (
    <p className="py-12 text-ink-soft">
      No conversation of yours holds these words. Quotes find words in a row, a minus leaves a word
      out.
    </p>
  );
}

function HistorySkeleton() {
  return (
    <div role="status" aria-label="Loading your conversations" className="mt-8 space-y-5">
      {["first", "second", "third"].map((row) => (
        <div key={row} className="space-y-2 border-b border-line pb-5">
          <Skeleton className="h-5 w-3/5" />
          <Skeleton className="h-3.5 w-2/5" />
        </div>
      ))}
    </div>
  );
}
