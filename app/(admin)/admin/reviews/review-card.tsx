"use client";

import { countOf, formatDate } from "@/components/format";
import { Button } from "@/components/ui/button";
import type { ReviewedVisitor, ReviewView } from "@/lib/protocol/review-view";

const KINDS = {
  anomaly: "Votes unlike those of others",
  moderation: "A question that was held back",
  flag: "An answer that a visitor reported",
} as const;

const STATES = { open: "Open", dismissed: "Dismissed", upheld: "Upheld" } as const;

export type ReviewCardProps = {
  review: ReviewView;
  isSending: boolean;
  onDecide: (state: "dismissed" | "upheld") => void;
  onExclude: (visitor: ReviewedVisitor) => void;
  onRestore: (visitor: ReviewedVisitor) => void;
};

/** What speaks for a review, whom it concerns, and what can be decided. */
export function ReviewCard(props: ReviewCardProps) {
  const { review, isSending, onDecide, onExclude, onRestore } = props;
  const { kind, state, createdAt, decidedAt, visitor, facts, answer } = review;
  return (
    <article aria-label={KINDS[kind]} className="rounded-md border border-line bg-surface p-4">
      <header className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <h2 className="font-medium">{KINDS[kind]}</h2>
        <p className="numeric text-sm text-ink-soft">
          <time dateTime={createdAt}>{formatDate(new Date(createdAt))}</time>
          {state !== "open" && decidedAt && (
            <>
              . {STATES[state]} <time dateTime={decidedAt}>{formatDate(new Date(decidedAt))}</time>
            </>
          )}
        </p>
      </header>
      <Anomaly review={review} />
      {facts.map(({ name, value }) => (
        <div key={name} className="mt-3 text-sm">
          <p className="text-xs text-ink-soft">{name}</p>
          <p className="max-h-60 overflow-y-auto whitespace-pre-wrap break-words">{value}</p>
        </div>
      ))}
      {answer && (
        <div className="mt-3 text-sm">
          <p className="text-xs text-ink-soft">
            Answer of <span className="font-mono">{answer.model}</span>
          </p>
          <p className="max-h-60 overflow-y-auto whitespace-pre-wrap break-words">{answer.text}</p>
        </div>
      )}
      <footer className="mt-4 flex flex-wrap items-center gap-2">
        {state === "open" && (
          <>
            <Button size="small" disabled={isSending} onClick={() => onDecide("dismissed")}>
              Dismiss
            </Button>
            <Button size="small" disabled={isSending} onClick={() => onDecide("upheld")}>
              Uphold
            </Button>
          </>
        )}
        <VisitorActions {...{ visitor, isSending, onExclude, onRestore }} />
      </footer>
    </article>
  );
}

type VisitorActionsProps = Pick<ReviewCardProps, "isSending" | "onExclude" | "onRestore"> & {
  visitor: ReviewedVisitor | null;
};

function VisitorActions({ visitor, isSending, onExclude, onRestore }: VisitorActionsProps) {
  if (visitor === null) return <p className="text-sm text-ink-soft">The visitor is gone.</p>;
  const { isExcluded, counted, uncounted } = visitor;
  return (
    <>
      <p className="numeric text-sm sm:ml-auto text-ink-soft">
        Visitor with {countOf(counted, "counted vote")} and {uncounted} others
      </p>
      {isExcluded ? (
        <Button size="small" disabled={isSending} onClick={() => onRestore(visitor)}>
          Restore visitor
        </Button>
      ) : (
        <Button size="small" disabled={isSending} onClick={() => onExclude(visitor)}>
          Exclude visitor…
        </Button>
      )}
    </>
  );
}

/** The figures of the test of votes in a sentence. */
function Anomaly({ review: { kind, anomaly } }: { review: ReviewView }) {
  if (kind !== "anomaly") return null;
  if (anomaly === null) {
    return (
      <p className="mt-3 text-sm">Its figures were written by a newer version of this server.</p>
    );
  }
  const { model, direction, cast, votes, statistic, degrees, threshold, pValue, alpha } = anomaly;
  const figures = `Fisher's sum ${statistic.toFixed(1)} over ${degrees} degrees of freedom, beyond ${threshold.toFixed(1)}`;
  return (
    <>
      <p className="mt-3 text-sm">
        {model === null ? (
          FAVOURITES[direction]
        ) : (
          <>
            Votes <span className="font-mono">{model}</span> {direction} more than others do.
          </>
        )}
      </p>
      <p className="numeric mt-1 text-sm text-ink-soft">
        {countOf(votes, "vote")} of {cast}: {figures} (p = {pValue.toExponential(1)}). Of honest
        visitors at most {Number((100 * alpha).toFixed(2))} % are ever flagged.
      </p>
    </>
  );
}

const FAVOURITES = {
  up: "Votes for the favourite of each pair more often than others do.",
  down: "Votes against the favourite of each pair more often than others do, as random clicking does.",
} as const;
