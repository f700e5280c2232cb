"use client";

import { Markdown } from "../chat/markdown";
import { Button } from "../ui/button";
import { Sheet } from "../ui/sheet";

/** The terms in full. */
export function TermsSheet({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title="Terms"
      description="What you agree to with your first question."
    >
      <div className="prose">
        <Markdown text={text} isStreaming={false} />
      </div>
      <Button className="mt-6" onClick={onClose}>
        Back to your question
      </Button>
    </Sheet>
  );
}
