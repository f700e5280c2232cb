import type { Metadata } from "next";
import { VotesHead } from "@/components/board/votes-head";
import { readOverview } from "@/lib/leaderboard/read-overview";
import type { Overview } from "@/lib/protocol/board-view";
import { log } from "@/lib/telemetry/log";
import { type OverviewAddress, readOverviewAddress } from "../_components/overview-address";
import { OverviewPage } from "../_components/overview-page";
import { type PageParameters, toQuery } from "../_components/page-parameters";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Overview · Leaderboard" };

type OverviewRouteProps = { searchParams: Promise<PageParameters> };

export default async function OverviewRoute({ searchParams }: OverviewRouteProps) {
  const address = readOverviewAddress(toQuery(await searchParams));
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <VotesHead current="overview" title="Leaderboard">
        Every model against every category and language with votes enough: where it is strong, and
        where it is not. Each column is a board of its own, from the votes on its prompts alone.
      </VotesHead>
      <OverviewPage initial={await read(address)} initialAddress={address} />
    </main>
  );
}

/** Where it cannot be read the page asks again by itself and says what is wrong. */
async function read({ style, period }: OverviewAddress): Promise<Overview | null> {
  try {
    return await readOverview({ style, period });
  } catch (error) {
    log.warn({ err: error }, "the overview's first paint lacks data");
    return null;
  }
}
