"use client";

import { useMemo } from "react";
import { RatingOverTime } from "@/components/plots/rating-over-time";
import { useRatingHistory } from "@/components/plots/use-rating-history";
import { toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { OVERALL } from "@/lib/protocol/board-key";
import type { ModelPage } from "@/lib/protocol/board-view";
import { Section } from "./section";

/** How its overall score came about. */
export function ScoreSection({ page: { facts, places } }: { page: ModelPage }) {
  const { model } = facts;
  const models = useMemo(() => [model], [model]);
  // Another score means another last day.
  const fingerprint = String(places[0]?.rating ?? "");
  const { data, error, refetch } = useRatingHistory({ boardKey: OVERALL, models, fingerprint });
  if (places.length === 0) return null;
  return (
    <Section id="score" title="Over time" lead="Days are those of UTC; today as of now.">
      {data ? (
        <RatingOverTime history={data} title="Score by day" source="Overall board, all time" />
      ) : error ? (
        <Notice
          tone="danger"
          action={
            <Button size="small" onClick={() => void refetch()}>
              Try again
            </Button>
          }
        >
          Its past scores could not be read. {toRequestError(error).message}
        </Notice>
      ) : (
        <div role="status" aria-label="Loading its past scores">
          <Skeleton className="h-80" />
        </div>
      )}
    </Section>
  );
}
