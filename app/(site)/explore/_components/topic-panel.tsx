"use client";

import { useQuery } from "@tanstack/react-query";
import { SmallBoard } from "@/components/board/small-board";
import { countOf, formatCount } from "@/components/format";
import { requestChecked, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/lib/paths";
import type { Topic } from "@/lib/protocol/board-view";
import { TOPIC_BOARD_VOTES_MIN } from "@/lib/topic-limits";
import { TopicBar } from "./topic-bar";
import type { TopicItem, TopicNode } from "./topic-tree";

export type TopicPanelProps = {
  top: TopicNode;
  /** The topic itself, or one of its parts. */
  opened: string;
  onOpen: (id: string) => void;
  onGone: () => void;
};

/** What a topic opens to: its words and parts, prompts that stand for it, and its own board. */
export function TopicPanel({ top, opened, onOpen, onGone }: TopicPanelProps) {
  const part = top.children.find(({ id }) => id === opened);
  const shown = part ?? top;
  return (
    <div className="animate-fade pt-1 pb-10 pl-0 sm:pl-7">
      {top.children.length > 0 && <Parts top={top} opened={opened} onOpen={onOpen} />}
      <p className="text-sm text-ink-soft">
        <span className="sr-only">Words that set it apart: </span>
        {shown.terms.map((term) => (
          <span
            key={term}
            className="mr-2 mb-2 inline-block rounded-full bg-sunken px-3 py-1 break-words text-ink"
          >
            {term}
          </span>
        ))}
      </p>
      <Detail key={shown.id} topic={shown} onGone={onGone} />
    </div>
  );
}

function Parts({ top, opened, onOpen }: Omit<TopicPanelProps, "onGone">) {
  const largest = Math.max(1, ...top.children.map(({ prompts }) => prompts));
  const all = { ...top, name: "All of it" };
  return (
    <fieldset className="mb-6">
      <legend className="mb-2 text-sm text-ink-soft">Parts</legend>
      <div className="grid gap-x-8 gap-y-1 sm:grid-cols-2 lg:grid-cols-3">
        {[all, ...top.children].map((part) => (
          <PartButton
            key={part.id}
            part={part}
            length={part.id === top.id ? 1 : part.prompts / largest}
            isPressed={part.id === opened}
            onClick={() => onOpen(part.id)}
          />
        ))}
      </div>
    </fieldset>
  );
}

type PartButtonProps = { part: TopicItem; length: number; isPressed: boolean; onClick: () => void };

function PartButton({ part, length, isPressed, onClick }: PartButtonProps) {
  return (
    <button
      type="button"
      aria-pressed={isPressed}
      onClick={onClick}
      className="group -mx-2 rounded-md px-2 py-1.5 text-left text-sm aria-pressed:bg-sunken pointer-coarse:min-h-11"
    >
      <span className="flex items-baseline justify-between gap-3">
        <span className="min-w-0 break-words underline-offset-4 group-hover:underline group-aria-pressed:font-medium">
          {part.name}
        </span>
        <span className="numeric text-ink-soft">{formatCount(part.prompts)}</span>
      </span>
      <TopicBar length={length} className="mt-1 h-1" />
    </button>
  );
}

function Detail({ topic, onGone }: { topic: TopicItem; onGone: () => void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["topic", topic.id],
    queryFn: ({ signal }) =>
      requestChecked(
        `${paths.api.explore}?topic=${topic.id}`,
        import("@/lib/protocol/board-view").then((it) => it.topicSchema),
        { signal },
      ),
  });
  if (!data && error) {
    const isGone = toRequestError(error).code === "not-found";
    return (
      <Notice
        tone="danger"
        action={
          <Button size="small" onClick={() => (isGone ? onGone() : void refetch())}>
            {isGone ? "Read the list again" : "Try again"}
          </Button>
        }
      >
        The topic could not be read. {toRequestError(error).message}
      </Notice>
    );
  }
  if (!data) {
    return (
      <div
        role="status"
        aria-label="Loading the topic"
        className="mt-4 grid gap-x-16 gap-y-8 lg:grid-cols-2"
      >
        <Skeleton className="h-60" />
        <Skeleton className="h-60" />
      </div>
    );
  }
  return (
    <div className="mt-4 grid gap-x-12 gap-y-10 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <Examples topic={data} />
      <TopicBoard topic={data} />
    </div>
  );
}

function Examples({ topic }: { topic: Topic }) {
  return (
    <section aria-label="Examples" className="min-w-0">
      <h3 className="mb-3 text-sm text-ink-soft">Asked, for example</h3>
      {topic.examples.length === 0 ? (
        <p className="text-sm">Its examples are gone with their conversations.</p>
      ) : (
        <ul className="space-y-4">
          {topic.examples.map(({ text, language }) => (
            <li
              key={text}
              lang={language ?? undefined}
              dir="auto"
              className="border-l-2 border-line pl-4 text-sm break-words whitespace-pre-line"
            >
              {text}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function TopicBoard({ topic }: { topic: Topic }) {
  const votes = countOf(topic.votes, "counted vote");
  return (
    <section aria-label="Board" className="min-w-0">
      <h3 className="mb-1 text-sm text-ink-soft">
        Its board, from {votes} on {countOf(topic.prompts, "question")}
      </h3>
      {topic.rows.length === 0 ? (
        <p className="mt-2 text-sm">
          {topic.votes < TOPIC_BOARD_VOTES_MIN
            ? `A board needs ${TOPIC_BOARD_VOTES_MIN} counted votes.`
            : "None of its models is named here."}
        </p>
      ) : (
        <SmallBoard label={`Board of ${topic.name}`} rows={topic.rows} />
      )}
    </section>
  );
}
