"use client";

import clsx from "clsx";
import { AlertTriangle } from "lucide-react";
import type { AnswerStatus, Side } from "@/lib/protocol/arena-view";

export type SideSwitchProps = {
  side: Side;
  isShown: boolean;
  status: AnswerStatus | undefined;
  onShow: () => void;
};

const SAID: Partial<Record<AnswerStatus, string>> = {
  streaming: ", still writing",
  failed: ", not finished",
};

/** On a phone: one of the two answers, with a dot while it is written. */
export function SideSwitch({ side, isShown, status, onShow }: SideSwitchProps) {
  const name = side.toUpperCase();
  return (
    <button
      type="button"
      onClick={onShow}
      aria-pressed={isShown}
      aria-label={`Answer ${name}${(status && SAID[status]) ?? ""}`}
      className={clsx(
        "relative h-11 w-20 rounded-md font-display text-base font-semibold",
        isShown ? "bg-surface" : "text-ink-soft",
        isShown && (side === "a" ? "text-a" : "text-b"),
      )}
    >
      {name}
      {status === "failed" && (
        <AlertTriangle
          size={14}
          strokeWidth={2}
          aria-hidden="true"
          className="absolute top-2 right-3.5 text-danger"
        />
      )}
      {status === "streaming" && (
        <span
          className={clsx(
            "absolute top-2.5 right-5 size-1.5 animate-breathe rounded-full",
            side === "a" ? "bg-a" : "bg-b",
          )}
        />
      )}
    </button>
  );
}
