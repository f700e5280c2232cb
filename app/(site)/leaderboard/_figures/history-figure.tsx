"use client";

import { X } from "lucide-react";
import { useMemo } from "react";
import { boardLabel } from "@/components/board/board-labels";
import { SERIES_MAX } from "@/components/plots/history-layout";
import { RatingOverTime } from "@/components/plots/rating-over-time";
import { useRatingHistory } from "@/components/plots/use-rating-history";
import type { FigureBoard } from "./figure-board";
import { FigureError, FigureSkeleton } from "./pair-state";

/** More lines at first would hide each other. */
const SHOWN_AT_FIRST = 4;

export function HistoryFigure(board: FigureBoard) {
  const { boardKey, fingerprint, rated, source, choices, choose } = board;
  const names = useMemo(() => rated.map((it) => it.model), [rated]);
  // A model that filters have taken away is no longer asked for.
  const models = (choices.models ?? names.slice(0, SHOWN_AT_FIRST)).filter((it) =>
    names.includes(it),
  );
  // A board of the last days moves with the day: only boards of all times have a past.
  const isOfAllTimes = boardKey.period === "all";
  const { data, error, refetch } = useRatingHistory({
    boardKey: useMemo(() => ({ ...boardKey, period: "all" }), [boardKey]),
    ...{ models, fingerprint },
  });
  const controls = (
    <ModelChooser names={names} models={models} onChange={(wanted) => choose({ models: wanted })} />
  );
  if (models.length === 0) {
    return (
      <>
        {controls}
        <p className="mt-6 text-sm text-ink-soft">Add a model to see its score over time.</p>
      </>
    );
  }
  if (!data) {
    if (!error) return <FigureSkeleton />;
    // With the choice: what cannot be read may be read without one of the models.
    return (
      <>
        {controls}
        <div className="mt-6">
          <FigureError error={error} onRetry={() => void refetch()} />
        </div>
      </>
    );
  }
  return (
    <RatingOverTime
      history={data}
      source={isOfAllTimes ? source : boardLabel({ ...boardKey, period: "all" })}
      controls={controls}
      note={
        !isOfAllTimes &&
        "These are the scores on the board of all times: one of the last days moves with the day and has no past."
      }
    />
  );
}

type ModelChooserProps = {
  names: readonly string[];
  models: readonly string[];
  onChange: (models: readonly string[]) => void;
};

/** The chosen models, each with a way out, and a list of the others. */
function ModelChooser({ names, models, onChange }: ModelChooserProps) {
  const others = names.filter((it) => !models.includes(it));
  const isFull = models.length >= SERIES_MAX;
  return (
    <>
      <ul aria-label="Models in the picture" className="flex min-w-0 flex-wrap gap-2">
        {models.map((model) => (
          <li
            key={model}
            className="inline-flex max-w-full items-center gap-1 rounded-full border border-line bg-surface pl-3 font-mono text-xs"
          >
            <span className="truncate">{model}</span>
            <button
              type="button"
              aria-label={`Take ${model} out of the picture`}
              onClick={() => onChange(models.filter((it) => it !== model))}
              className="inline-flex size-8 shrink-0 items-center justify-center rounded-full text-ink-soft hover:text-ink pointer-coarse:size-11"
            >
              <X size={14} strokeWidth={1.5} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <select
          aria-label="Add a model to the picture"
          value=""
          disabled={isFull}
          onChange={(event) => onChange([...models, event.target.value])}
          className="h-8 max-w-64 rounded-md border border-line-strong bg-surface px-2 text-sm disabled:text-ink-soft pointer-coarse:h-11"
        >
          <option value="" disabled>
            {isFull ? `${SERIES_MAX} models at most` : "Add a model"}
          </option>
          {others.map((model) => (
            <option key={model}>{model}</option>
          ))}
        </select>
      )}
    </>
  );
}
