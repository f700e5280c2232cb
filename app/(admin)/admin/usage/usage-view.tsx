"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { ZodType } from "zod";
import { countOf, formatCount } from "@/components/format";
import { requestChecked } from "@/components/request-json";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { UsageReport } from "@/lib/protocol/usage-view";
import { isSignedOut, UnreadableNotice } from "../unreadable-notice";
import { DayBars } from "./day-bars";
import { RequestTable } from "./request-table";
import { SumTable } from "./sum-table";
import { UsageFilters } from "./usage-filters";
import { formatDay, formatDollars, ownerWords } from "./usage-words";

async function loadSchema(): Promise<ZodType<UsageReport>> {
  return (await import("@/lib/protocol/usage-view")).usageReportSchema;
}

function useUsage(days: number, owner: string) {
  const query = new URLSearchParams({ days: String(days), ...(owner !== "" && { owner }) });
  return useQuery({
    queryKey: ["admin-usage", days, owner],
    queryFn: ({ signal }) =>
      requestChecked(`${paths.api.adminUsage}?${query}`, loadSchema(), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
    retry: false,
  });
}

export function UsageView() {
  const [days, setDays] = useState(7);
  const [owner, setOwner] = useState("");
  // All of the period's callers, to choose from; the same reading where none is chosen.
  const { data: all } = useUsage(days, "");
  const { data, error, refetch, isPending } = useUsage(days, owner);
  if (isPending) return <UsageSkeleton />;
  if (error && (!data || isSignedOut(error))) {
    return <UnreadableNotice what="The sums" error={error} onRetry={() => void refetch()} />;
  }
  if (!data) return null;
  return (
    <>
      <UsageFilters
        days={days}
        owner={owner}
        callers={all?.keys ?? data.keys}
        onDays={setDays}
        onOwner={setOwner}
      />
      {error ? (
        <p className="mt-4 text-sm text-ink-soft">The newest sums could not be read.</p>
      ) : null}
      {data.total.requests === 0 && data.requests.length === 0 ? (
        <EmptyUsage isFiltered={owner !== ""} />
      ) : (
        <Report report={data} />
      )}
    </>
  );
}

function Report({ report }: { report: UsageReport }) {
  const { total, since, until } = report;
  const period = since === until ? "today" : `from ${formatDay(since)} to ${formatDay(until)}`;
  return (
    <>
      <p className="numeric mt-6 mb-8 text-sm text-ink-soft">
        {countOf(total.requests, "request")} ended {period}, {formatCount(total.failed)} of them
        with an error and {formatCount(total.cancelled)} by a reader that left.{" "}
        {formatCount(total.promptTokens + total.completionTokens)} tokens,{" "}
        {formatDollars(total.costNanoDollars)}. Days begin at midnight UTC.
      </p>
      <DayBars days={report.days} />
      <Section title="Callers">
        <SumTable
          label="Callers"
          head="Caller"
          rows={report.keys.map((it) => ({ id: it.owner, name: ownerWords(it), sum: it }))}
        />
      </Section>
      <Section title="Models">
        <SumTable
          label="Models"
          head="Model"
          rows={report.models.map((it) => ({
            id: it.model,
            name: it.model || "None answered",
            sum: it,
          }))}
        />
      </Section>
      <Section title="Endpoints">
        <SumTable
          label="Endpoints"
          head="Endpoint"
          rows={report.endpoints.map((it) => ({
            id: it.endpoint,
            name: it.endpoint === "arena" ? "Pages" : it.endpoint,
            sum: it,
          }))}
        />
      </Section>
      <Section title="Latest requests">
        <RequestTable requests={report.requests} />
      </Section>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mt-12">
      <h2 className="mb-2 text-lg font-medium">{title}</h2>
      {children}
    </section>
  );
}

function EmptyUsage({ isFiltered }: { isFiltered: boolean }) {
  return (
    <p className="mt-6 border-t border-line py-12 text-ink-soft">
      {isFiltered
        ? "This caller has made no request in this time. Choose a longer one, or all callers."
        : "No request was made in this time. Requests appear here within a second of their end."}
    </p>
  );
}

function UsageSkeleton() {
  return (
    <div role="status" aria-label="Loading the usage">
      <Skeleton className="mb-8 h-10 w-80" />
      <Skeleton className="mb-8 h-40 w-full" />
      {["first", "second", "third"].map((row) => (
        <div key={row} className="flex h-12 items-center gap-8 border-b border-line">
          <Skeleton className="h-4 w-40" />
          <Skeleton className="h-4 flex-1" />
        </div>
      ))}
    </div>
  );
}
