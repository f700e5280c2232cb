"use client";

import clsx from "clsx";
import { AlertTriangle } from "lucide-react";
import { useRef, useState } from "react";
import { Question } from "@/components/chat/question";
import type { BattleTurn as Turn } from "@/components/chat/turn-reducer";
import { useNarrow } from "@/components/use-narrow";
import type { AnswerStatus, Outcome, Reveal, Side } from "@/lib/protocol/arena-view";
import { AnswerPane } from "./answer-pane";

export type BattleTurnProps = {
  number: number;
  turn: Turn;
  reveal: Reveal | null;
  outcome: Outcome | null;
  onRetry: ((answerId: string) => void) | null;
};

const SIDES: readonly Side[] = ["a", "b"];

/** A question and its two answers: side by side, on a phone one beside the other behind a switch. */
export function BattleTurn({ number, turn, reveal, outcome, onRetry }: BattleTurnProps) {
  const pager = useRef<HTMLDivElement>(null);
  const isPager = useNarrow();
  const [shown, setShown] = useState<Side>("a");

  function show(side: Side) {
    const element = pager.current;
    element?.scrollTo({ left: side === "a" ? 0 : element.scrollWidth, behavior: "smooth" });
  }

  function onScroll() {
    const element = pager.current;
    if (!element) return;
    setShown(element.scrollLeft > (element.scrollWidth - element.clientWidth) / 2 ? "b" : "a");
  }

  return (
    <section data-turn aria-label={`Question ${number}`} className="animate-rise">
      <Question text={turn.prompt.content} />
      <div className="mt-6 mb-3 flex justify-center md:hidden">
        <fieldset className="grid grid-cols-2 rounded-md border border-line bg-sunken p-0.5">
          <legend className="sr-only">Shown answer</legend>
          {SIDES.map((side) => (
            <SideSwitch
              key={side}
              side={side}
              isShown={shown === side}
              status={turn[side]?.status}
              onShow={() => show(side)}
            />
          ))}
        </fieldset>
      </div>
      <div
        ref={pager}
        onScroll={onScroll}
        // What scrolls has to be reachable by keyboard, also before an answer has a button in it.
        {...(isPager && {
          tabIndex: 0,
          role: "group",
          "aria-label": "Answers, swipe between them",
        })}
        className="snap-pager -mx-4 grid auto-cols-[calc(100%-2rem)] grid-flow-col gap-3 overflow-x-auto scroll-px-4 px-4 sm:-mx-8 sm:scroll-px-8 sm:px-8 md:mx-0 md:mt-6 md:auto-cols-fr md:gap-4 md:overflow-visible md:px-0"
      >
        {SIDES.map((side) => (
          <AnswerPane
            key={side}
            side={side}
            answer={turn[side]}
            other={turn[side === "a" ? "b" : "a"]}
            revealed={reveal?.[side] ?? null}
            isPreferred={outcome === side}
            onRetry={onRetry}
          />
        ))}
      </div>
    </section>
  );
}

type SideSwitchProps = {
  side: Side;
  isShown: boolean;
  status: AnswerStatus | undefined;
  onShow: () => void;
};

const SAID: Partial<Record<AnswerStatus, string>> = {
  streaming: ", still writing",
  failed: ", not finished",
};

function SideSwitch({ side, isShown, status, onShow }: SideSwitchProps) {
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
