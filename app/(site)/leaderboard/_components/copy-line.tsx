"use client";

import { CopyButton } from "@/components/chat/copy-button";

/** A line for a terminal. */
export function CopyLine({ text }: { text: string }) {
  return (
    <div className="flex max-w-[80ch] items-center gap-2 rounded-md border border-line bg-sunken py-1 pr-1 pl-4">
      <code className="min-w-0 flex-1 font-mono text-sm [overflow-wrap:anywhere]">{text}</code>
      <CopyButton text={text} label="Copy the command" />
    </div>
  );
}
