"use client";

import { useState } from "react";
import { toRequestError } from "../request-json";
import { Button } from "../ui/button";
import { Notice } from "../ui/notice";
import { Sheet } from "../ui/sheet";
import { Skeleton } from "../ui/skeleton";
import { toRemovedWords } from "./removed-words";
import { SharedTurns } from "./shared-turns";
import { StandingShares } from "./standing-shares";
import { type Shared, usePublish, useSharePreview } from "./use-shares";

export type ShareDialogProps = Shared & { onClose: () => void };

/**
 * Makes a copy of a conversation public. What will be seen is shown first, without the personal data that
 * was found in it.
 *
 * @param leafId of a chat with branches the last answer that is shown.
 */
export function ShareDialog({ onClose, ...shared }: ShareDialogProps) {
  const preview = useSharePreview(shared);
  const publish = usePublish(shared);
  const [mayBeFound, setMayBeFound] = useState(false);
  const { data } = preview;
  const removed = data && toRemovedWords(data.removed);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      isWide
      title="Share this conversation"
      description="Anybody with the link reads a copy of it as it is now. What you say later is not in it, and you can take the link back."
    >
      {preview.isPending && <PreviewSkeleton />}
      {preview.error && (
        <Notice
          tone="danger"
          action={
            <Button size="small" onClick={() => void preview.refetch()}>
              Try again
            </Button>
          }
        >
          {toRequestError(preview.error).message}
        </Notice>
      )}
      {data && (
        <>
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields. */}
          <div
            role="group"
            aria-label="What will be published"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
            tabIndex={0}
            className="max-h-[38dvh] overflow-y-auto rounded-md border border-line bg-paper p-4"
          >
            <p className="mb-6 font-display text-lg wrap-anywhere">{data.conversation.title}</p>
            <SharedTurns conversation={data.conversation} isStacked />
          </div>
          <p className="mt-3 text-sm text-ink-soft">
            {removed ? `Taken out: ${removed}. ` : "No personal data was found. "}
            Names and addresses in words are not recognised: read it through.
          </p>
          <label className="mt-4 flex min-h-11 items-center gap-3 text-sm">
            <input
              type="checkbox"
              checked={mayBeFound}
              onChange={(event) => setMayBeFound(event.target.checked)}
              className="size-4 accent-accent"
            />
            Search engines may list it
          </label>
          <p role="alert" className="mb-2 text-sm text-danger empty:hidden">
            {publish.error ? toRequestError(publish.error).message : null}
          </p>
          <div className="mt-2 flex flex-wrap items-center gap-2">
            <Button
              variant="primary"
              // One copy of what is seen is enough; opened anew, the dialog makes another.
              disabled={publish.isPending || publish.isSuccess || preview.isFetching}
              onClick={() => publish.mutate({ digest: data.digest, mayBeFound })}
            >
              Make it public
            </Button>
            <p role="status" className="text-sm text-ink-soft">
              {publish.isSuccess && "It is public. The link stands below."}
            </p>
          </div>
          <StandingShares shares={data.shares} />
        </>
      )}
    </Sheet>
  );
}

function PreviewSkeleton() {
  return (
    <div role="status" aria-label="Loading what would be published" className="space-y-3">
      <Skeleton className="h-5 w-2/3" />
      <Skeleton className="h-24 w-full" />
      <Skeleton className="h-9 w-36" />
    </div>
  );
}
