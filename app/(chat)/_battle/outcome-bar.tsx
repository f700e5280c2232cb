"use client";

import type { Ref } from "react";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";

export type OutcomeBarProps = {
  region: Ref<HTMLElement>;
  sentence: string;
  onNewRound: () => void;
  onSameQuestion: () => void;
};

export function OutcomeBar({ region, sentence, onNewRound, onSameQuestion }: OutcomeBarProps) {
  return (
    <section
      ref={region}
      tabIndex={-1}
      aria-label="The outcome"
      className="outline-none mx-auto flex w-full max-w-[880px] animate-rise flex-wrap items-center justify-between gap-x-6 gap-y-3"
    >
      <p className="font-display text-lg">{sentence}</p>
      <div className="flex flex-wrap gap-2 max-sm:w-full max-sm:*:grow">
        <Button onClick={onSameQuestion}>Same question, new pair</Button>
        <Button variant="primary" onClick={onNewRound} aria-keyshortcuts="n">
          New round
          <span className="hidden md:inline" aria-hidden="true">
            <Kbd>N</Kbd>
          </span>
        </Button>
      </div>
    </section>
  );
}
