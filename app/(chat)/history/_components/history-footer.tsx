"use client";

import { useState } from "react";
import { toRequestError } from "@/components/request-json";
import { Button, buttonClass } from "@/components/ui/button";
import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import { paths } from "@/lib/paths";
import { useDeleteEverything } from "./use-history";

/** What concerns all of it: to take along, and to delete. */
export function HistoryFooter({ isOnline }: { isOnline: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <section
      aria-label="All your conversations"
      className="mt-16 flex flex-wrap items-center gap-2 border-t border-line pt-6"
    >
      <p className="min-w-0 flex-1 basis-64 text-sm text-ink-soft">
        All of it is yours to take along or to delete.
      </p>
      <a
        href={paths.api.visitor}
        download
        aria-disabled={!isOnline}
        className={buttonClass({ size: "small" })}
      >
        Export everything
      </a>
      <Button size="small" disabled={!isOnline} onClick={() => setIsOpen(true)}>
        Delete everything…
      </Button>
      {isOpen && <DeleteEverything onClose={() => setIsOpen(false)} />}
    </section>
  );
}

function DeleteEverything({ onClose }: { onClose: () => void }) {
  const { mutate, isPending, error } = useDeleteEverything();
  return (
    <ConfirmSheet
      title="Delete everything?"
      description="All your conversations, their public links and the cookie by which this browser is known go for good. Votes stay on the board, without words and without a trace of who cast them."
      verb="Delete everything"
      isSending={isPending}
      problem={error && `It was not deleted. ${toRequestError(error).message}`}
      onConfirm={() => mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
