"use client";

import clsx from "clsx";
import { lazy, Suspense } from "react";
import type { AnswerView } from "@/lib/protocol/arena-view";

// Half of the battle page's script would be Markdown; it arrives beside the first answer instead.
const Markdown = lazy(() => import("./markdown").then((it) => ({ default: it.Markdown })));

/** Fetches the Markdown code ahead of the first answer. */
export function preloadMarkdown(): void {
  // A failed preload shows itself when the text is rendered.
  import("./markdown").catch(() => undefined);
}

export function AnswerText({ answer }: { answer: AnswerView }) {
  const isStreaming = answer.status === "streaming";
  return (
    <div className={clsx("prose max-w-[72ch]", isStreaming && "is-streaming")}>
      <Suspense fallback={<p className="whitespace-pre-wrap">{answer.content}</p>}>
        <Markdown text={answer.content} isStreaming={isStreaming} />
      </Suspense>
    </div>
  );
}
