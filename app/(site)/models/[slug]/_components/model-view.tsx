"use client";

import { useQuery } from "@tanstack/react-query";
import { requestChecked } from "@/components/request-json";
import { MODEL_PAGE_REFRESH_MS } from "@/lib/arena-limits";
import { paths } from "@/lib/paths";
import type { ModelPage } from "@/lib/protocol/board-view";
import { LedgerSection } from "./ledger-section";
import { ModelHead } from "./model-head";
import { OpponentsSection } from "./opponents-section";
import { PlacesSection } from "./places-section";
import { ScoreSection } from "./score-section";
import { TrySection } from "./try-section";
import { VariantsSection } from "./variants-section";

/** All that is told of one model; looked at again as long as the page is open. */
export function ModelView({ initial }: { initial: ModelPage }) {
  const { slug } = initial.facts;
  const { data: page = initial } = useQuery({
    queryKey: ["model", slug],
    queryFn: ({ signal }) =>
      requestChecked(
        paths.api.model(slug),
        import("@/lib/protocol/board-view").then((it) => it.modelPageSchema),
        { signal },
      ),
    initialData: initial,
    refetchInterval: MODEL_PAGE_REFRESH_MS,
    // Made by the server a moment ago.
    staleTime: MODEL_PAGE_REFRESH_MS,
  });
  return (
    <article>
      <ModelHead page={page} />
      <PlacesSection page={page} />
      <ScoreSection page={page} />
      <OpponentsSection page={page} />
      <TrySection page={page} />
      <LedgerSection page={page} />
      <VariantsSection page={page} />
    </article>
  );
}
