"use client";

import { ChevronDown } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { countOf, formatShare } from "@/components/format";
import { TopicBar } from "./topic-bar";
import { TopicPanel } from "./topic-panel";
import type { TopicItem, TopicNode } from "./topic-tree";
import { topOf } from "./topic-tree";

export type TopicRowsProps = {
  tree: readonly TopicNode[];
  /** All that were sorted. */
  prompts: number;
  /** The id of a topic or of a part of one. */
  opened: string | null;
  onOpen: (id: string | null) => void;
  /** The opened one was sorted anew meanwhile. */
  onGone: () => void;
};

/** Each topic is a bar as long as its share; it opens beneath itself, on any width. */
export function TopicRows({ tree, prompts, opened, onOpen, onGone }: TopicRowsProps) {
  const largest = Math.max(1, ...tree.map((it) => it.prompts));
  const top = topOf(tree, opened);
  return (
    <ol className="border-t border-line" aria-label="Topics, the largest first">
      {tree.map((topic) => {
        const isOpen = topic.id === top?.id;
        return (
          <Row key={topic.id} isOpen={isOpen}>
            <RowButton
              topic={topic}
              share={topic.prompts / prompts}
              length={topic.prompts / largest}
              isOpen={isOpen}
              onClick={() => onOpen(isOpen ? null : topic.id)}
            />
            {isOpen && opened !== null && (
              <TopicPanel top={topic} opened={opened} onOpen={onOpen} onGone={onGone} />
            )}
          </Row>
        );
      })}
    </ol>
  );
}

/** One that an address opened may be far down. */
function Row({ isOpen, children }: { isOpen: boolean; children: ReactNode }) {
  const row = useRef<HTMLLIElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    if (wasOpen.current) row.current?.scrollIntoView({ block: "nearest" });
    wasOpen.current = false;
  }, []);
  return (
    <li ref={row} className="scroll-mt-20 border-b border-line">
      {children}
    </li>
  );
}

type RowButtonProps = {
  topic: TopicItem;
  share: number;
  /** Of the bar, 0 to 1. */
  length: number;
  isOpen: boolean;
  onClick: () => void;
};

function RowButton({ topic, share, length, isOpen, onClick }: RowButtonProps) {
  return (
    <h2>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onClick}
        className="group block w-full py-3 text-left"
      >
        <span className="flex items-baseline gap-3">
          <ChevronDown
            aria-hidden="true"
            size={16}
            strokeWidth={1.5}
            className={`shrink-0 self-center text-ink-soft transition-transform duration-160 ease-out ${isOpen ? "" : "-rotate-90"}`}
          />
          <span className="min-w-0 flex-1 font-medium break-words underline-offset-4 group-hover:underline">
            {topic.name}
          </span>
          <span className="numeric shrink-0 text-sm text-ink-soft">
            <span className="hidden sm:inline">
              {countOf(topic.prompts, "question")} · {countOf(topic.votes, "vote")} ·{" "}
            </span>
            {formatShare(share)}
          </span>
        </span>
        <TopicBar length={length} className="mt-2 ml-7 h-1.5" />
      </button>
    </h2>
  );
}
