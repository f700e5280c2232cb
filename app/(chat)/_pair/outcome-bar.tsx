"use client";

import type { ReactNode, Ref } from "react";

export type OutcomeBarProps = {
  region: Ref<HTMLElement>;
  sentence: string;
  /** Why the vote does not count; null: it does, or there is nothing to say. */
  uncounted: string | null;
  reasons: ReactNode;
  /** What comes next, as buttons. */
  children: ReactNode;
};

/** What a cast vote says, why it was cast, and the next step. */
export function OutcomeBar({ region, sentence, uncounted, reasons, children }: OutcomeBarProps) {
  return (
    <section
      ref={region}
      tabIndex={-1}
      aria-label="The outcome"
      className="mx-auto w-full max-w-[880px] animate-rise outline-none"
    >
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <p className="font-display text-lg">{sentence}</p>
          {uncounted && <p className="mt-0.5 max-w-[68ch] text-sm text-ink-soft">{uncounted}</p>}
        </div>
        <div className="flex flex-wrap gap-2 max-sm:w-full max-sm:*:grow">{children}</div>
      </div>
      <div className="mt-2.5">{reasons}</div>
    </section>
  );
}
