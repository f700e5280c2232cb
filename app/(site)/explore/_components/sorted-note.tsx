"use client";

import { useEffect, useState } from "react";
import { countOf, formatCount, formatDate } from "@/components/format";
import type { TopicList } from "@/lib/protocol/board-view";
import { TOPIC_VISITORS_MIN } from "@/lib/topic-limits";
import type { TopicNode } from "./topic-tree";

/** What was sorted, when, and whose questions are not in it. */
export function SortedNote({ list, tree }: { list: TopicList; tree: readonly TopicNode[] }) {
  const others = list.prompts - tree.reduce((sum, { prompts }) => sum + prompts, 0);
  return (
    <p className="numeric mt-8 max-w-[68ch] text-sm text-ink-soft">
      {countOf(list.prompts, "question")}, sorted <SortedAt at={list.sortedAt} />.{" "}
      {others > 0 && `${formatCount(others)} of them are in no topic. `}
      Only questions of people who agreed to the terms are sorted; personal data is taken out of
      examples, and words that fewer than {TOPIC_VISITORS_MIN} people used are not shown. Whoever
      deletes a conversation takes its example with it.
    </p>
  );
}

/** In the reader's own time, which the server does not know. */
function SortedAt({ at }: { at: string | null }) {
  const [text, setText] = useState(at?.slice(0, 10) ?? "");
  useEffect(() => {
    if (at !== null) setText(formatDate(new Date(at)));
  }, [at]);
  return <time dateTime={at ?? undefined}>{text}</time>;
}
