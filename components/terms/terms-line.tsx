"use client";

import { lazy, Suspense, useState } from "react";
import type { Terms } from "./use-terms";

const TermsSheet = lazy(() => import("./terms-sheet").then((it) => ({ default: it.TermsSheet })));

const SENTENCE_CHARACTERS_MAX = 160;

/** Under the composer, until a visitor has agreed: what it is about, and all of it one click away. */
export function TermsLine({ terms }: { terms: Terms }) {
  const [isOpen, setIsOpen] = useState(false);
  if (!terms.isNeeded || !terms.view) return null;
  return (
    <div id="terms-line" className="mt-2 px-1 text-xs text-ink-soft">
      <p>
        {toFirstSentence(terms.view.text)}{" "}
        <button
          type="button"
          onClick={() => setIsOpen(true)}
          className="text-accent underline underline-offset-4 pointer-coarse:min-h-11"
        >
          Read the terms
        </button>
      </p>
      <p role="alert" className="text-danger empty:hidden">
        {terms.problem}
      </p>
      {isOpen && (
        <Suspense>
          <TermsSheet text={terms.view.text} onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** Of Markdown, without its marks; a longer one is left to the sheet. */
function toFirstSentence(markdown: string): string {
  const plain = markdown.replace(/^#{1,6}\s.*$/gm, "").replace(/[*_`>#]|\[|\]\([^)]*\)/g, "");
  const [sentence = ""] = /^[^\n]*?[.!?](?=\s|$)/.exec(plain.trim()) ?? [];
  if (sentence !== "" && sentence.length <= SENTENCE_CHARACTERS_MAX) return sentence;
  return "Conversations here are held under terms.";
}
