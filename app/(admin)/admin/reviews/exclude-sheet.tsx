"use client";

import { countOf } from "@/components/format";
import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import { paths } from "@/lib/paths";
import type { ReviewedVisitor } from "@/lib/protocol/review-view";
import { useReviewChange } from "./use-review-change";

export type ExcludeSheetProps = { visitor: ReviewedVisitor; onClose: () => void };

/** Asks before votes are taken out, which everybody can see on the board. */
export function ExcludeSheet({ visitor, onClose }: ExcludeSheetProps) {
  const { mutate, isPending, problem } = useReviewChange();
  const { voter, counted } = visitor;
  const exclude = () =>
    mutate(
      {
        ...{ path: paths.api.adminVisitor(voter), method: "PUT" },
        ...{ body: { isExcluded: true }, done: "The visitor is excluded" },
      },
      { onSuccess: onClose },
    );
  return (
    <ConfirmSheet
      title="Exclude this visitor?"
      description={`${countOf(counted, "vote")} of theirs no longer ${counted === 1 ? "counts" : "count"}, nor will later ones. The board is computed anew, and the public log says so without a name. It can be undone.`}
      verb="Exclude the visitor"
      refusal="Leave it"
      isMild
      isSending={isPending}
      problem={problem?.message}
      onConfirm={exclude}
      onClose={onClose}
    />
  );
}
