import type { Metadata } from "next";
import { VotesHead } from "@/components/board/votes-head";
import type { SiteStats } from "@/lib/protocol/board-view";
import { readSiteStats } from "@/lib/stats/read-site-stats";
import { log } from "@/lib/telemetry/log";
import { readSpan, type Span } from "./_components/spans";
import { StatsView } from "./_components/stats-view";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Numbers" };

type StatsPageProps = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function StatsPage({ searchParams }: StatsPageProps) {
  const span = readSpan((await searchParams).days);
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <VotesHead current="stats" title="Numbers">
        How much is asked and voted here, by days in UTC. Nobody can be found in these numbers: of
        what fewer than five people did on a day it says only that they did, and a language that few
        people wrote in stands with the others.
      </VotesHead>
      <StatsView initialSpan={span} initial={await readInitial(span)} />
    </main>
  );
}

/** For the first paint. Where it cannot be read the page asks again by itself and says what is wrong. */
async function readInitial(days: Span): Promise<SiteStats | null> {
  try {
    return await readSiteStats({ days });
  } catch (error) {
    log.warn({ err: error }, "the first paint of the statistics has no data");
    return null;
  }
}
