"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { requestChecked, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/lib/paths";
import type { TopicList } from "@/lib/protocol/board-view";
import { type ExploreAddress, explorePath, SEARCH_CHARACTERS_MAX } from "./explore-address";
import { NoTopics } from "./no-topics";
import { SortedNote } from "./sorted-note";
import { TopicRows } from "./topic-rows";
import { TopicTable } from "./topic-table";
import { searchTree, topOf, toTree } from "./topic-tree";

export type ExploreViewProps = { initialAddress: ExploreAddress; initial: TopicList | null };

export function ExploreView({ initialAddress, initial }: ExploreViewProps) {
  const [address, setAddress] = useState(initialAddress);
  useEffect(() => {
    window.history.replaceState(null, "", explorePath(paths.explore, address));
  }, [address]);
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
  return (
    <Topics list={data} address={address} onChange={setAddress} onGone={() => void refetch()} />
  );
}

type TopicsProps = {
  list: TopicList;
  address: ExploreAddress;
  onChange: (address: ExploreAddress) => void;
  onGone: () => void;
};

function Topics({ list, address, onChange, onGone }: TopicsProps) {
  const [isTable, setIsTable] = useState(false);
  const tree = useMemo(() => toTree(list.topics), [list.topics]);
  const found = useMemo(() => searchTree(tree, address.search), [tree, address.search]);
  const isGone = address.topic !== null && topOf(tree, address.topic) === undefined;
  return (
    <>
      <div className="mb-6 flex flex-wrap items-center gap-x-4 gap-y-3">
        <input
          type="search"
          value={address.search}
          maxLength={SEARCH_CHARACTERS_MAX}
          onChange={({ target }) => onChange({ ...address, search: target.value })}
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
          onOpen={(topic) => onChange({ ...address, topic })}
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
