"use client";

import { type FormEvent, type KeyboardEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";

/** protocol/conversation-view.ts, markBodySchema. */
const NOTE_CHARACTERS_MAX = 1_000;

export type FlagFormProps = { onFlag: (note: string) => void; onLeave: () => void };

/** Reports an answer, with a note if one likes. */
export function FlagForm({ onFlag, onLeave }: FlagFormProps) {
  const id = useId();
  const [note, setNote] = useState("");
  function submit(event: FormEvent) {
    event.preventDefault();
    onFlag(note.trim());
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape") onLeave();
  }
  return (
    <form onSubmit={submit} onKeyDown={onKeyDown} className="mt-3 max-w-[60ch]">
      <label htmlFor={id} className="text-sm font-medium">
        What is wrong with it? You may leave this empty.
      </label>
      <textarea
        id={id}
        // biome-ignore lint/a11y/noAutofocus: it comes at the reader's own request.
        autoFocus
        value={note}
        rows={2}
        maxLength={NOTE_CHARACTERS_MAX}
        onChange={(event) => setNote(event.target.value)}
        className="mt-2 block w-full resize-y rounded-md border border-line-strong bg-surface px-3 py-2 text-sm focus-visible:outline-2 focus-visible:-outline-offset-1"
      />
      <div className="mt-2 flex gap-2">
        <Button type="submit" size="small">
          Report
        </Button>
        <Button variant="quiet" size="small" onClick={onLeave}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
