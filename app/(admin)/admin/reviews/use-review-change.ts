"use client";

import { countOf } from "@/components/format";
import { requestChecked } from "@/components/request-json";
import { useAdminChange } from "../use-admin-change";

export const REVIEWS_QUERY = ["admin-reviews"];

export const loadReviewViews = () => import("@/lib/protocol/review-view");

export type ReviewChange = {
  path: string;
  method: "PATCH" | "PUT";
  body: unknown;
  /** What it did, as a sentence's beginning: "The visitor is excluded". */
  done: string;
};

/** Decides something, after which the list is asked for again; `said`: what came of the last one. */
export function useReviewChange() {
  const { reply: said, ...rest } = useAdminChange({
    queryKey: REVIEWS_QUERY,
    change: async ({ path, method, body, done }: ReviewChange) => {
      const schema = loadReviewViews().then((views) => views.boardChangeSchema);
      const { ballots } = await requestChecked(path, schema, { method, body });
      return ballots === 0
        ? `${done}.`
        : `${done}: this concerns ${countOf(ballots, "vote")}, and the board is computed anew.`;
    },
  });
  return { ...rest, said };
}
