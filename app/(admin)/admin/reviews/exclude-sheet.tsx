"use client";

import { countOf } from "@/components/format";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/sheet";
import { paths } from "@/lib/paths";
import type { ReviewedVisitor } from "@/lib/protocol/review-view";
import { useReviewChange } from "./use-review-change";

export type ExcludeSheetProps = { visitor: ReviewedVisitor; onClose: () => void };

/** Asks before votes are taken out, which everybody can see on the board. */
export function ExcludeSheet({ visitor, onClose }: ExcludeSheetProps) {
  const { mutate, isPending, problem } = useReviewChange();
  const { voter, counted } = visitor;
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title="Exclude this visitor?"
      description={`${countOf(counted, "vote")} of theirs no longer ${counted === 1 ? "counts" : "count"}, nor will later ones. The board is computed anew, and the public log says so without a name. It can be undone.`}
    >
      <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
        {problem}
      </p>
      <div className="flex gap-2">
        <Button
          disabled={isPending}
          onClick={() =>
            mutate(
              {
                ...{ path: paths.api.adminVisitor(voter), method: "PUT" },
                ...{ body: { isExcluded: true }, done: "The visitor is excluded" },
              },
              { onSuccess: onClose },
            )
          }
        >
          Exclude the visitor
        </Button>
        <Button variant="quiet" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </Sheet>
  );
}
