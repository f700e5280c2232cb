"use client";

import { toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/sheet";
import type { ConversationItem } from "@/lib/protocol/conversation-view";
import { useDelete } from "./use-history";

export type DeleteSheetProps = {
  item: ConversationItem;
  onClose: () => void;
  onDeleted: () => void;
};

/** Asks before a conversation is deleted, which nobody can take back. */
export function DeleteSheet({ item, onClose, onDeleted }: DeleteSheetProps) {
  const { mutate, isPending, error } = useDelete();
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title="Delete this conversation?"
      description={`“${item.title}” goes for good, with its public links.${item.isRunning ? " Answers that are being written stop." : ""}${item.kind === "battle" ? " A vote in it stays on the board, without its words." : ""}`}
    >
      <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
        {error ? `It was not deleted. ${toRequestError(error).message}` : null}
      </p>
      <div className="flex gap-2">
        <Button
          variant="danger"
          disabled={isPending}
          onClick={() => mutate(item.id, { onSuccess: onDeleted })}
        >
          Delete it
        </Button>
        <Button variant="quiet" onClick={onClose}>
          Keep it
        </Button>
      </div>
    </Sheet>
  );
}
