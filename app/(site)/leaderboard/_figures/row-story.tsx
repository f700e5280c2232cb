"use client";

import { useMemo } from "react";
import { formatCount } from "@/components/format";
import { OpponentList } from "@/components/plots/opponent-list";
import { RatingSparkline } from "@/components/plots/rating-sparkline";
import { toFullDay } from "@/components/plots/scale";
import { type Opponent, sortOpponents, toShares } from "@/components/plots/to-opponents";
import { useOpponents } from "@/components/plots/use-opponents";
import { useRatingHistory } from "@/components/plots/use-rating-history";
import { Skeleton } from "@/components/ui/skeleton";
import type { BoardKey } from "@/lib/protocol/board-key";
import { FigureError } from "./pair-state";

export type RowStoryProps = { boardKey: BoardKey; model: string; fingerprint?: string };

const OPPONENTS_SHOWN = 3;
const ORDERS = ["best", "worst"] as const;
const WORDS = {
  best: { label: "Best opponents", head: "Strongest against" },
  worst: { label: "Worst opponents", head: "Weakest against" },
  votes: { label: "Opponents", head: "Most often against" },
};

/** The strongest and the weakest would be some of the same. */
const isShort = (opponents: readonly Opponent[]) =>
  sortOpponents(opponents, "best").length < 2 * OPPONENTS_SHOWN;

/** What is behind one row of the board: how its score came about, and against whom it wins and loses. */
export function RowStory({ boardKey, model, fingerprint = "" }: RowStoryProps) {
  const models = useMemo(() => [model], [model]);
  // Only boards of all times have a past.
  const allTimes = useMemo(() => ({ ...boardKey, period: "all" }), [boardKey]);
  const history = useRatingHistory({ boardKey: allTimes, models, fingerprint });
  const met = useOpponents({ boardKey, model, fingerprint });
  const opponents = useMemo(
    () => (met.data ? toShares(met.data.opponents) : undefined),
    [met.data],
  );
  const orders = opponents && isShort(opponents) ? (["votes"] as const) : ORDERS;
  return (
    <div className="grid gap-x-12 gap-y-6 md:grid-cols-[minmax(0,18rem)_minmax(0,1fr)_minmax(0,1fr)]">
      <section aria-label={`Score of ${model} over time`}>
        <h4 className="mb-2 text-xs text-ink-soft">Score over time</h4>
        <Story model={model} query={history} />
      </section>
      {orders.map((order) => (
        <section key={order} aria-label={WORDS[order].label}>
          <h4 className="mb-1 text-xs text-ink-soft">{WORDS[order].head}</h4>
          {opponents ? (
            <OpponentList
              opponents={opponents}
              order={order}
              countMax={order === "votes" ? 2 * OPPONENTS_SHOWN : OPPONENTS_SHOWN}
            />
          ) : met.error ? (
            <FigureError error={met.error} onRetry={() => void met.refetch()} />
          ) : (
            <Skeleton className="mt-2 h-24" />
          )}
        </section>
      ))}
    </div>
  );
}

type StoryProps = { model: string; query: ReturnType<typeof useRatingHistory> };

function Story({ model, query: { data, error, refetch } }: StoryProps) {
  if (error && !data) return <FigureError error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="h-9 w-40" />;
  const points = data.models.find((it) => it.model === model)?.points ?? [];
  const known = points.flatMap((point, index) =>
    point ? [{ ...point, day: data.days[index] }] : [],
  );
  const [first, last] = [known[0], known.at(-1)];
  return (
    <>
      <RatingSparkline days={data.days} points={points} label={model} />
      {first?.day && last && (
        <p className="numeric mt-1 text-xs text-ink-soft">
          {formatCount(first.rating)} on {toFullDay(first.day)}, {formatCount(last.rating)} now
        </p>
      )}
    </>
  );
}
