"use client";

import clsx from "clsx";
import { lazy, memo, Suspense } from "react";
import type { AnswerView } from "@/lib/protocol/arena-view";

// Half of the battle page's script would be Markdown; it arrives beside the first answer instead.
const Markdown = lazy(() => import("./markdown").then((it) => ({ default: it.Markdown })));

/** Fetches the Markdown code ahead of the first answer. */
export function preloadMarkdown(): void {
  // A failed preload shows itself when the text is rendered.
  import("./markdown").catch(() => undefined);
}

export type MarkdownTextProps = { text: string; isStreaming: boolean };

/** What a model wrote. Not drawn again while the text is the same. */
export const MarkdownText = memo(function MarkdownText({ text, isStreaming }: MarkdownTextProps) {
  return (
    <div className={clsx("prose max-w-[72ch]", isStreaming && "is-streaming")}>
      <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
        <Markdown text={text} isStreaming={isStreaming} />
      </Suspense>
    </div>
  );
});

export function AnswerText({ answer }: { answer: Pick<AnswerView, "content" | "status"> }) {
  return <MarkdownText text={answer.content} isStreaming={answer.status === "streaming"} />;
}
