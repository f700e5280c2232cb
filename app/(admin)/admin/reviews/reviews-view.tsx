"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type FormEvent, useState } from "react";
import { countOf } from "@/components/format";
import { requestChecked } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { ReviewedVisitor, ReviewState } from "@/lib/protocol/review-view";
import { FIELD } from "../keys/field";
import { isSignedOut, UnreadableNotice } from "../unreadable-notice";
import { ExcludeSheet } from "./exclude-sheet";
import { ReviewCard } from "./review-card";
import { loadReviewViews, REVIEWS_QUERY, useReviewChange } from "./use-review-change";

const STATES: readonly { state: ReviewState; label: string }[] = [
  { state: "open", label: "Open" },
  { state: "upheld", label: "Upheld" },
  { state: "dismissed", label: "Dismissed" },
];

export function ReviewsView() {
  const [state, setState] = useState<ReviewState>("open");
  const [excluding, setExcluding] = useState<ReviewedVisitor | null>(null);
  const change = useReviewChange();
  const { data, error, refetch, isPending } = useQuery({
    queryKey: [...REVIEWS_QUERY, state],
    queryFn: ({ signal }) =>
      requestChecked(
        `${paths.api.adminReviews}?state=${state}`,
        loadReviewViews().then((views) => views.reviewListSchema),
        { signal },
      ),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
    retry: false,
  });
  if (error && (!data || isSignedOut(error))) {
    return <UnreadableNotice what="The reviews" error={error} onRetry={() => void refetch()} />;
  }
  const restore = ({ voter }: ReviewedVisitor) =>
    change.mutate({
      ...{ path: paths.api.adminVisitor(voter), method: "PUT", body: { isExcluded: false } },
      done: "The visitor's votes count again",
    });
  return (
    <>
      <p className="mb-6 max-w-[68ch] text-sm text-ink-soft">
        Nobody is excluded by the machine alone. What you decide about votes is issued at once and
        written into the{" "}
        <Link
          href={paths.publicLog}
          prefetch={false}
          className="text-accent underline underline-offset-4"
        >
          public log
        </Link>
        , without names.
      </p>
      <StateFilter state={state} openCount={data?.openCount} onChange={setState} />
      <p role="status" className="mb-4 text-sm text-ink-soft empty:hidden">
        {change.said}
      </p>
      <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
        {change.problem?.message}
      </p>
      {isPending && <ReviewsSkeleton />}
      {data?.reviews.length === 0 && (
        <p className="border-t border-line py-12 text-ink-soft">
          {state === "open" ? "Nothing waits for you." : "Nothing here yet."}
        </p>
      )}
      <ul className="space-y-4">
        {data?.reviews.map((review) => (
          <li key={review.id}>
            <ReviewCard
              review={review}
              isSending={change.isPending}
              onDecide={(decided) =>
                change.mutate({
                  ...{ path: paths.api.adminReview(review.id), method: "PATCH" },
                  ...{ body: { state: decided }, done: `The review is ${decided}` },
                })
              }
              onExclude={setExcluding}
              onRestore={restore}
            />
          </li>
        ))}
      </ul>
      {data?.hasMore && (
        <p className="mt-4 text-sm text-ink-soft">There are older ones than are shown here.</p>
      )}
      {data && data.excluded.length > 0 && (
        <section className="mt-12">
          <h2 className="mb-4 text-lg font-medium">Excluded visitors</h2>
          <ul className="divide-y divide-line border-y border-line">
            {data.excluded.map((visitor) => (
              <li key={visitor.voter} className="flex flex-wrap items-center gap-4 py-3 text-sm">
                <span className="min-w-0 flex-1 font-mono text-xs break-all">{visitor.voter}</span>
                <span className="numeric">{countOf(visitor.uncounted, "vote")}</span>
                <Button
                  size="small"
                  disabled={change.isPending}
                  aria-label={`Restore visitor ${visitor.voter}`}
                  onClick={() => restore(visitor)}
                >
                  Restore
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {data && <Withdrawals models={data.withdrawn} change={change} />}
      {excluding && <ExcludeSheet visitor={excluding} onClose={() => setExcluding(null)} />}
    </>
  );
}

type StateFilterProps = {
  state: ReviewState;
  openCount: number | undefined;
  onChange: (state: ReviewState) => void;
};

function StateFilter({ state, openCount, onChange }: StateFilterProps) {
  return (
    <fieldset className="mb-6 flex flex-wrap gap-2">
      <legend className="sr-only">Show reviews that are</legend>
      {STATES.map((it) => (
        <Button
          key={it.state}
          size="small"
          variant={it.state === state ? "primary" : "outline"}
          aria-pressed={it.state === state}
          onClick={() => onChange(it.state)}
        >
          {it.label}
          {it.state === "open" && openCount ? ` (${openCount})` : null}
        </Button>
      ))}
    </fieldset>
  );
}

type WithdrawalsProps = { models: readonly string[]; change: ReturnType<typeof useReviewChange> };

/** Models off the board; by its name another one follows. */
function Withdrawals({ models, change }: WithdrawalsProps) {
  const [name, setName] = useState("");
  const set = (model: string, isWithdrawn: boolean) =>
    change.mutate({
      ...{ path: paths.api.adminWithdrawals, method: "PUT", body: { model, isWithdrawn } },
      done: isWithdrawn ? `${model} is withdrawn` : `${model} is back`,
    });

  function submit(event: FormEvent) {
    event.preventDefault();
    set(name.trim(), true);
    setName("");
  }

  return (
    <section className="mt-12">
      <h2 className="mb-2 text-lg font-medium">Withdrawn models</h2>
      <p className="mb-4 max-w-[68ch] text-sm text-ink-soft">
        A withdrawn model is drawn in no battle, and votes on it are kept and do not count. Chats
        and the API still serve it.
      </p>
      <ul className="mb-4 divide-y divide-line border-y border-line empty:hidden">
        {models.map((model) => (
          <li key={model} className="flex flex-wrap items-center gap-4 py-3 text-sm">
            <span className="min-w-0 flex-1 font-mono break-all">{model}</span>
            <Button
              size="small"
              disabled={change.isPending}
              aria-label={`Bring ${model} back`}
              onClick={() => set(model, false)}
            >
              Bring back
            </Button>
          </li>
        ))}
      </ul>
      <form onSubmit={submit} className="flex max-w-md items-end gap-2">
        <label className="block min-w-0 flex-1 text-sm font-medium">
          Model
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            maxLength={256}
            autoComplete="off"
            spellCheck={false}
            className={`${FIELD} font-mono`}
          />
        </label>
        <Button type="submit" disabled={change.isPending}>
          Withdraw
        </Button>
      </form>
    </section>
  );
}

function ReviewsSkeleton() {
  return (
    <div role="status" aria-label="Loading the reviews">
      {["first", "second", "third"].map((row) => (
        <Skeleton key={row} className="mb-4 h-28 w-full" />
      ))}
    </div>
  );
}
