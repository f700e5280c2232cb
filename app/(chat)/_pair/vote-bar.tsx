"use client";

import clsx from "clsx";
import { ArrowLeft, ArrowRight } from "lucide-react";
import { Kbd } from "@/components/ui/kbd";
import type { Outcome } from "@/lib/protocol/arena-view";

export type VoteBarProps = {
  /** Why one cannot vote now. */
  reason: string | null;
  /** What is asked, and what becomes of the vote. */
  note: string;
  sending: Outcome | null;
  problem: string | null;
  onVote: (outcome: Outcome) => void;
  onHelp: () => void;
  /** To leave a battle whose names are known, though this turn has no vote. */
  onBegin: (() => void) | null;
  beginLabel: string;
};

const VOTES: readonly { outcome: Outcome; label: string; keys: readonly string[] }[] = [
  { outcome: "a", label: "A is better", keys: ["1", "←"] },
  { outcome: "tie", label: "Tie", keys: ["3"] },
  { outcome: "both-bad", label: "Both bad", keys: ["4"] },
  { outcome: "b", label: "B is better", keys: ["2", "→"] },
];

/** Four votes, equal in size, so that none is suggested. */
export function VoteBar(props: VoteBarProps) {
  const { reason, note, sending, problem, onVote, onHelp, onBegin, beginLabel } = props;
  return (
    <section aria-label="Your vote" className="votes mx-auto w-full max-w-[880px]">
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-4 sm:gap-3">
        {VOTES.map(({ outcome, label, keys }) => (
          <div key={outcome} className={clsx(ORDER[outcome], "sm:order-none")}>
            <button
              type="button"
              disabled={reason !== null}
              // Not disabled while it is sent: a vote that fails would have lost the focus.
              aria-disabled={sending !== null}
              aria-describedby="vote-note"
              aria-keyshortcuts={keys[0]}
              onClick={() => sending === null && onVote(outcome)}
              className={clsx(
                "flex h-11 w-full items-center justify-center gap-2 rounded-md border text-sm font-medium transition-colors duration-120 disabled:text-ink-soft",
                sending === outcome ? CHOSEN[outcome] : "border-line-strong bg-surface",
                reason === null && sending === null && HOVER[outcome],
                reason !== null && "border-line!",
              )}
            >
              {outcome === "a" && <ArrowLeft size={16} strokeWidth={1.5} aria-hidden="true" />}
              {label}
              {outcome === "b" && <ArrowRight size={16} strokeWidth={1.5} aria-hidden="true" />}
            </button>
            <p aria-hidden="true" className="mt-2 hidden justify-center gap-1 md:flex">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </p>
          </div>
        ))}
      </div>
      <div className="mt-2 flex min-h-5 items-center justify-center gap-3 text-xs md:mt-3">
        <p id="vote-note" className={problem ? "text-danger" : "text-ink-soft"}>
          {problem ?? reason ?? note}
        </p>
        <button
          type="button"
          onClick={onHelp}
          aria-keyshortcuts="?"
          className="hidden min-h-6 items-center text-ink-soft underline-offset-4 hover:text-ink hover:underline md:inline-flex"
        >
          <span className="mr-1.5">All keys</span>
          <Kbd>?</Kbd>
        </button>
        {onBegin && (
          <button
            type="button"
            onClick={onBegin}
            aria-keyshortcuts="n"
            className="min-h-6 shrink-0 font-medium text-accent underline-offset-4 hover:underline pointer-coarse:min-h-11"
          >
            {beginLabel}
          </button>
        )}
      </div>
    </section>
  );
}

/** Two by two on a phone: the sides above, the draws below. */
const ORDER: Record<Outcome, string> = {
  a: "order-1",
  b: "order-2",
  tie: "order-3",
  "both-bad": "order-4",
};

const CHOSEN: Record<Outcome, string> = {
  a: "border-a bg-a text-on-fill!",
  b: "border-b bg-b text-on-fill!",
  tie: "border-ink bg-ink text-on-fill!",
  "both-bad": "border-ink bg-ink text-on-fill!",
};

const HOVER: Record<Outcome, string> = {
  a: "hover:border-a hover:bg-a-soft",
  b: "hover:border-b hover:bg-b-soft",
  tie: "hover:border-ink hover:bg-sunken",
  "both-bad": "hover:border-ink hover:bg-sunken",
};
