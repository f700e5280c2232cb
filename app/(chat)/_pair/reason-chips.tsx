"use client";

import clsx from "clsx";
import { Check } from "lucide-react";
import { useState } from "react";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { VoteReason } from "@/lib/protocol/conversation-view";
import { REASON_WORDS, reasonGroups } from "./reason-words";

export type ReasonChipsProps = {
  outcome: Outcome;
  chosen: readonly VoteReason[];
  onChange: (reasons: VoteReason[]) => void;
};

/** Why one voted so: never asked for, one touch each, kept at once. */
export function ReasonChips({ outcome, chosen, onChange }: ReasonChipsProps) {
  const [first, ...rest] = reasonGroups(outcome);
  const hasMore = rest.some(({ reasons }) => reasons.some((it) => chosen.includes(it)));
  const [isOpen, setIsOpen] = useState(hasMore);
  const shown = first ? (isOpen ? [first, ...rest] : [first]) : [];
  const toggle = (reason: VoteReason) =>
    onChange(chosen.includes(reason) ? chosen.filter((it) => it !== reason) : [...chosen, reason]);
  return (
    <div className="space-y-1.5">
      {shown.map(({ label, reasons }, row) => (
        <fieldset
          key={label}
          className="-mx-4 flex min-w-0 items-center gap-1.5 overflow-x-auto px-4 [scrollbar-width:none] sm:mx-0 sm:flex-wrap sm:px-0"
        >
          {/* A legend stands in no flow; the words beside the chips are its copy. */}
          <legend className="sr-only">Why? {label}</legend>
          <span aria-hidden="true" className="shrink-0 pr-1 text-xs text-ink-soft">
            {row === 0 ? `Why? ${label}` : label}
          </span>
          {reasons.map((reason) => (
            <Chip
              key={reason}
              isChosen={chosen.includes(reason)}
              onToggle={() => toggle(reason)}
              label={REASON_WORDS[reason]}
            />
          ))}
          {row === 0 && rest.length > 0 && !isOpen && (
            <button
              type="button"
              onClick={() => setIsOpen(true)}
              className="h-7 shrink-0 rounded-full px-2.5 text-xs text-ink-soft underline-offset-4 hover:text-ink hover:underline pointer-coarse:h-11"
            >
              More reasons
            </button>
          )}
        </fieldset>
      ))}
    </div>
  );
}

type ChipProps = { label: string; isChosen: boolean; onToggle: () => void };

function Chip({ label, isChosen, onToggle }: ChipProps) {
  return (
    <button
      type="button"
      data-reason
      aria-pressed={isChosen}
      onClick={onToggle}
      className={clsx(
        "flex h-7 shrink-0 items-center gap-1 rounded-full border px-2.5 text-xs transition-colors duration-120 pointer-coarse:h-11 pointer-coarse:px-3.5",
        isChosen
          ? "border-ink bg-ink text-on-fill"
          : "border-line-strong bg-surface text-ink hover:border-ink",
      )}
    >
      {isChosen && <Check size={12} strokeWidth={2} aria-hidden="true" />}
      {label}
    </button>
  );
}
