"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { requestChecked, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { moveAddress, useAddressText } from "@/components/use-address-text";
import { paths } from "@/lib/paths";
import type { TopicList } from "@/lib/protocol/board-view";
import {
  type ExploreAddress,
  explorePath,
  readExploreAddress,
  SEARCH_CHARACTERS_MAX,
} from "./explore-address";
import { NoTopics } from "./no-topics";
import { SortedNote } from "./sorted-note";
import { TopicRows } from "./topic-rows";
import { TopicTable } from "./topic-table";
import { searchTree, topOf, toTree } from "./topic-tree";

export type ExploreViewProps = { initial: TopicList | null };

type How = "push" | "replace";

const isExplore = (pathname: string) => pathname === paths.explore;
const readQuery = (query: string | undefined) =>
  readExploreAddress(Object.fromEntries(new URLSearchParams(query)));

/** The address is the one place where it stands what is open: back and forward lead through it. */
function go(change: Partial<ExploreAddress>, how: How): void {
  const now = readQuery(window.location.search);
  moveAddress(explorePath(paths.explore, { ...now, ...change }), how);
}

export function ExploreView({ initial }: ExploreViewProps) {
  const text = useAddressText(isExplore);
  const address = useMemo(() => readQuery(text.split("?")[1]), [text]);
  const { data, error, refetch } = useQuery({
    queryKey: ["topics"],
    queryFn: ({ signal }) =>
      requestChecked(
        paths.api.explore,
        import("@/lib/protocol/board-view").then((it) => it.topicListSchema),
        { signal },
      ),
    ...(initial && { initialData: initial }),
  });
  if (!data && error) {
    return (
      <Notice
        tone="danger"
        action={
          <Button size="small" onClick={() => void refetch()}>
            Try again
          </Button>
        }
      >
        The topics could not be read. {toRequestError(error).message}
      </Notice>
    );
  }
  if (!data) return <TopicsSkeleton />;
  if (data.topics.length === 0) return <NoTopics list={data} />;
  return <Topics list={data} address={address} onGone={() => void refetch()} />;
}

type TopicsProps = {
  list: TopicList;
  address: ExploreAddress;
  onGone: () => void;
};

function Topics({ list, address, onGone }: TopicsProps) {
  // A letter at once in its field; the address has it without the blanks at its ends.
  const [search, setSearch] = useState(address.search);
  const told = useRef(address.search);
  useEffect(() => {
    if (address.search !== told.current) setSearch(address.search);
    told.current = address.search;
  }, [address.search]);
  const [isTable, setIsTable] = useState(false);
  const tree = useMemo(() => toTree(list.topics), [list.topics]);
  const found = useMemo(() => searchTree(tree, address.search), [tree, address.search]);
  const isGone = address.topic !== null && topOf(tree, address.topic) === undefined;
  return (
    <>
      <div className="mb-6 flex flex-wrap items-center gap-x-4 gap-y-3">
        <input
          type="search"
          value={search}
          maxLength={SEARCH_CHARACTERS_MAX}
          onChange={({ target }) => {
            setSearch(target.value);
            told.current = target.value.trim();
            go({ search: target.value }, "replace");
          }}
          placeholder="Find a topic"
          aria-label="Find a topic"
          className="h-10 w-full rounded-md border border-line-strong bg-surface px-3 text-base sm:w-72 sm:text-sm pointer-coarse:h-11"
        />
        <Button
          variant="quiet"
          size="small"
          aria-pressed={isTable}
          onClick={() => setIsTable(!isTable)}
        >
          {isTable ? "Show as bars" : "Show as table"}
        </Button>
      </div>
      {isGone && (
        <Notice className="mb-6">
          The topic of this address is gone: prompts were sorted anew. Those of now are below.
        </Notice>
      )}
      <p role="status" className={found.length === 0 ? "py-6 text-ink-soft" : "sr-only"}>
        {found.length === 0
          ? `No topic is called “${address.search.trim()}”. Try another word.`
          : `${found.length} of ${tree.length} topics`}
      </p>
      {isTable ? (
        <TopicTable tree={found} prompts={list.prompts} />
      ) : (
        <TopicRows
          tree={found}
          prompts={list.prompts}
          opened={address.topic}
          onOpen={(topic) => go({ topic }, "push")}
          onGone={onGone}
        />
      )}
      <SortedNote list={list} tree={tree} />
    </>
  );
}

function TopicsSkeleton() {
  return (
    <div role="status" aria-label="Loading the topics">
      <Skeleton className="mb-6 h-10 w-72" />
      {["a", "b", "c", "d", "e", "f"].map((it) => (
        <Skeleton key={it} className="mb-3 h-14" />
      ))}
    </div>
  );
}
