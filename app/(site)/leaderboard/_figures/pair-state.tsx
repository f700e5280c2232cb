"use client";

import type { ReactNode } from "react";
import { usePairTable } from "@/components/plots/use-pair-table";
import { toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import type { PairTable } from "@/lib/protocol/board-view";
import type { FigureBoard } from "./figure-board";
import { pickPairs } from "./pick-pairs";

export type PairStateProps = {
  board: FigureBoard;
  children: (pairs: PairTable) => ReactNode;
};

/** What is drawn from pairs: while they come, when they don't, when nobody met, and then. */
export function PairState({ board, children }: PairStateProps) {
  const { boardKey, fingerprint, rated } = board;
  const { data, error, refetch } = usePairTable({ boardKey, fingerprint });
  if (!data) {
    return error ? (
      <FigureError error={error} onRetry={() => void refetch()} />
    ) : (
      <FigureSkeleton />
    );
  }
  const pairs = pickPairs(data, new Set(rated.map((it) => it.model)));
  if (pairs.models.length < 2) {
    return (
      <p className="max-w-[60ch] text-sm text-ink-soft">
        It takes two models with a score for a pair; this board shows {pairs.models.length}.
      </p>
    );
  }
  return children(pairs);
}

export function FigureError({ error, onRetry }: { error: Error; onRetry: () => void }) {
  return (
    <Notice
      tone="danger"
      action={
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      This picture’s numbers could not be read. {toRequestError(error).message} The board above is
      as it was.
    </Notice>
  );
}

export function FigureSkeleton() {
  return (
    <div role="status" aria-label="Loading the picture">
      <Skeleton className="h-6 w-64" />
      <Skeleton className="mt-3 h-4 w-full max-w-lg" />
      <Skeleton className="mt-6 h-80" />
    </div>
  );
}
