"use client";

import { toRequestError } from "@/components/request-json";
import { ConfirmSheet } from "@/components/ui/confirm-sheet";
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
    <ConfirmSheet
      title="Delete this conversation?"
      description={`“${item.title}” goes for good, with its public links.${item.isRunning ? " Answers that are being written stop." : ""}${item.kind === "battle" ? " A vote in it stays on the board, without its words." : ""}`}
      verb="Delete it"
      isSending={isPending}
      problem={error && `It was not deleted. ${toRequestError(error).message}`}
      onConfirm={() => mutate(item.id, { onSuccess: onDeleted })}
      onClose={onClose}
    />
  );
}
