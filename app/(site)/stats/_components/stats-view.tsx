"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Choice } from "@/components/plots/choice";
import { requestChecked, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { moveAddress, useAddressText } from "@/components/use-address-text";
import { STATS_TODAY_AGE_MS } from "@/lib/arena-limits";
import { paths } from "@/lib/paths";
import type { SiteStats } from "@/lib/protocol/board-view";
import { DaysFigure } from "./days-figure";
import { LanguagesFigure } from "./languages-figure";
import { OutcomesFigure } from "./outcomes-figure";
import { readSpan, SPANS, type Span, spanPath } from "./spans";
import { Totals } from "./totals";

export type StatsViewProps = { initialSpan: Span; initial: SiteStats | null };

const isStats = (pathname: string) => pathname === paths.stats;
const OPTIONS = SPANS.map((span) => ({ value: String(span), label: `${span} days` }));

export function StatsView({ initialSpan, initial }: StatsViewProps) {
  const text = useAddressText(isStats);
  const span = readSpan(new URLSearchParams(text.split("?")[1]).get("days"));
  const { data, error, refetch } = useQuery({
    queryKey: ["stats", span],
    queryFn: ({ signal }) =>
      requestChecked(
        `${paths.api.stats}?days=${span}`,
        import("@/lib/protocol/board-view").then((it) => it.siteStatsSchema),
        { signal },
      ),
    ...(initial && span === initialSpan && { initialData: initial }),
    placeholderData: keepPreviousData,
    refetchInterval: STATS_TODAY_AGE_MS,
  });
  const choose = (value: string) => {
    moveAddress(spanPath(paths.stats, readSpan(value)), "push");
  };
  if (!data && error) {
    return (
      <Notice
        tone="danger"
        action={
          <Button size="small" onClick={() => void refetch()}>
            Try again
          </Button>
        }
      >
        The statistics could not be read. {toRequestError(error).message}
      </Notice>
    );
  }
  return (
    <>
      <div className="mb-8">
        <Choice label="Days shown" options={OPTIONS} value={String(span)} onChange={choose} />
      </div>
      {data ? <Figures stats={data} /> : <StatsSkeleton />}
    </>
  );
}

function Figures({ stats }: { stats: SiteStats }) {
  return (
    <>
      <Totals stats={stats} />
      <h2 className="sr-only">Pictures</h2>
      <div className="mt-12 border-t border-line pt-10">
        <DaysFigure stats={stats} />
      </div>
      <div className="mt-16 grid gap-x-16 gap-y-16 lg:grid-cols-2">
        <OutcomesFigure stats={stats} />
        <LanguagesFigure stats={stats} />
      </div>
    </>
  );
}

function StatsSkeleton() {
  return (
    <div role="status" aria-label="Loading the statistics">
      <div className="grid grid-cols-2 gap-8 md:grid-cols-4">
        {["calls", "battles", "votes", "visitors"].map((it) => (
          <Skeleton key={it} className="h-16" />
        ))}
      </div>
      <Skeleton className="mt-12 h-80" />
    </div>
  );
}
