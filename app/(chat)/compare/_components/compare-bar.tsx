"use client";

import { ArrowLeftRight, SlidersHorizontal } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import type { ModelView, Side } from "@/lib/protocol/arena-view";
import { Letter } from "../../_pair/pane-head";
import { ModelPicker } from "../../chat/_components/model-picker";
import type { Pair } from "./choose-pair";

export type CompareBarProps = {
  models: readonly ModelView[];
  pair: Pair;
  /** A conversation stays with its models: another choice begins a new one. */
  onPick: (pair: Pair) => void;
  settingsCount: number;
  hasSettings: boolean;
  onSettings: () => void;
  onBegin: (() => void) | null;
};

/** Which two models, with which parameters, and the way to a new comparison. */
export function CompareBar(props: CompareBarProps) {
  const { models, pair, onPick, settingsCount, hasSettings, onSettings, onBegin } = props;
  const picker = (side: Side): ReactNode => (
    <ModelPicker
      models={models}
      value={pair[side]}
      onChange={(name) => onPick({ ...pair, [side]: name })}
      label={
        <>
          <Letter side={side} />
          <span className="sr-only">Model {side.toUpperCase()}</span>
        </>
      }
    />
  );
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 pt-6">
      <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-2" data-pickers>
        {picker("a")}
        <Button
          variant="quiet"
          size="icon"
          aria-label="Change sides"
          onClick={() => onPick({ a: pair.b, b: pair.a })}
        >
          <ArrowLeftRight size={16} strokeWidth={1.5} aria-hidden="true" />
        </Button>
        {picker("b")}
      </div>
      <div className="-mr-2.5 flex items-center">
        <Button
          variant="quiet"
          size="small"
          aria-expanded={hasSettings}
          aria-keyshortcuts="p"
          onClick={onSettings}
        >
          <SlidersHorizontal size={16} strokeWidth={1.5} aria-hidden="true" />
          Parameters
          {settingsCount > 0 && (
            <span className="numeric text-accent">
              {settingsCount}
              <span className="sr-only"> set</span>
            </span>
          )}
        </Button>
        {onBegin && (
          <Button variant="quiet" size="small" onClick={onBegin} aria-keyshortcuts="n">
            New comparison
          </Button>
        )}
      </div>
    </div>
  );
}
