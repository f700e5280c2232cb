"use client";

import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { isSignedOut, UnreadableNotice } from "../unreadable-notice";
import { DrawSection } from "./draw-section";
import { SAMPLING, SECTIONS } from "./rule-fields";
import { RulesHistory } from "./rules-history";
import { SectionForm } from "./section-form";
import { RULES_QUERY, readRules } from "./use-rules-change";

const HEADING = "mb-6 font-display text-xl tracking-tight";

export function RulesView() {
  const { data, error, refetch, isPending } = useQuery({
    queryKey: RULES_QUERY,
    queryFn: ({ signal }) => readRules(signal),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
    retry: false,
  });
  if (isPending) return <RulesSkeleton />;
  if (error && (!data || isSignedOut(error))) {
    return <UnreadableNotice what="The rules" error={error} onRetry={() => void refetch()} />;
  }
  if (!data) return null;
  return (
    <>
      {error ? (
        <p className="mb-4 text-sm text-ink-soft">The newest state could not be read.</p>
      ) : null}
      <section aria-labelledby="pairs" className="mb-12">
        <h2 id="pairs" className={HEADING}>
          Pairs
        </h2>
        <SectionForm section={SAMPLING} rules={data} />
        <DrawSection rules={data} />
      </section>
      <section aria-labelledby="rules" className="mb-12">
        <h2 id="rules" className={HEADING}>
          Rules of the game
        </h2>
        {SECTIONS.map((section) => (
          <SectionForm key={section.name} section={section} rules={data} />
        ))}
      </section>
      <section aria-labelledby="history">
        <h2 id="history" className={HEADING}>
          What was changed
        </h2>
        <RulesHistory version={data.version} />
      </section>
    </>
  );
}

function RulesSkeleton() {
  return (
    <div role="status" aria-label="Loading the rules">
      <Skeleton className="mb-8 h-6 w-40" />
      {["first", "second", "third"].map((row) => (
        <div key={row} className="flex h-16 items-center gap-8 border-b border-line">
          <Skeleton className="h-4 w-32" />
          <Skeleton className="h-4 flex-1" />
        </div>
      ))}
    </div>
  );
}
