"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/sheet";
import { REMOVAL_REASON_CHARACTERS_MAX } from "@/lib/board-limits";
import { FIELD } from "../keys/field";
import type { PublishedRow } from "./published-table";
import { useRemoval } from "./use-boards";

export type RemovalSheetProps = { board: PublishedRow; onClose: () => void };

/** Asks why before a board goes that others may have cited. */
export function RemovalSheet({ board, onClose }: RemovalSheetProps) {
  const [reason, setReason] = useState("");
  const { mutate, isPending, problem } = useRemoval();

  function submit(event: FormEvent) {
    event.preventDefault();
    mutate({ id: board.id, reason: reason.trim() }, { onSuccess: onClose });
  }

  return (
    <Sheet
      open
      onOpenChange={onClose}
      title="Remove this board?"
      description={`“${board.title}” and its address are gone for good, with its votes unless another board names them. The public log says so, and why.`}
    >
      <form onSubmit={submit}>
        <label className="block text-sm font-medium">
          Reason, for everybody to read
          <input
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            required
            pattern=".*\S.*"
            title="A sentence"
            maxLength={REMOVAL_REASON_CHARACTERS_MAX}
            autoComplete="off"
            className={FIELD}
          />
        </label>
        <p role="alert" className="mt-4 text-sm text-danger empty:hidden">
          {problem?.message}
        </p>
        <div className="mt-6 flex gap-2">
          <Button variant="danger" type="submit" disabled={isPending}>
            Remove the board
          </Button>
          <Button variant="quiet" onClick={onClose}>
            Keep it
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
