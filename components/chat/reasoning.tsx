"use client";

import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import { MarkdownText } from "./answer-text";

export type ReasoningProps = { answer: TurnAnswer };

/** What a model thought before it answered: apart from the answer, and folded until somebody wants it. */
export function Reasoning({ answer }: ReasoningProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { reasoning, content, status } = answer;
  if (reasoning.trim() === "") return null;
  const isThinking = status === "streaming" && content === "";
  return (
    <details
      open={isOpen}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
      className="group/reasoning mb-4 border-l-2 border-line pl-4"
    >
      <summary className="flex min-h-8 w-fit list-none items-center gap-1.5 rounded-sm text-sm text-ink-soft transition-colors duration-120 hover:text-ink pointer-coarse:min-h-11">
        <ChevronRight
          size={15}
          strokeWidth={1.5}
          aria-hidden="true"
          className="transition-transform duration-120 group-open/reasoning:rotate-90"
        />
        {isThinking ? "Thinking…" : "What it thought first"}
      </summary>
      {isOpen && (
        <div className="pt-1 pb-2 text-sm text-ink-soft">
          <MarkdownText text={reasoning} isStreaming={isThinking} />
        </div>
      )}
    </details>
  );
}
