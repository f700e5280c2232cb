"use client";

import { type FormEvent, useEffect, useRef, useState } from "react";
import { toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { type ConversationItem, TITLE_CHARACTERS_MAX } from "@/lib/protocol/conversation-view";
import { useRename } from "./use-history";

/** A title in its place, to be written anew; an empty one is the first question again. */
export function RenameForm({ item, onDone }: { item: ConversationItem; onDone: () => void }) {
  const [title, setTitle] = useState(item.title);
  const rename = useRename();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // The menu gives the focus back when it closes, a frame after this.
    const frame = requestAnimationFrame(() => field.current?.select());
    return () => cancelAnimationFrame(frame);
  }, []);

  function save(event: FormEvent) {
    event.preventDefault();
    const wanted = title.trim();
    if (wanted === item.title) return onDone();
    rename.mutate({ id: item.id, title: wanted === "" ? null : wanted }, { onSuccess: onDone });
  }

  return (
    <form onSubmit={save} className="flex flex-wrap items-center gap-2">
      <label className="min-w-0 flex-1 basis-56">
        <span className="sr-only">Title</span>
        <input
          ref={field}
          value={title}
          maxLength={TITLE_CHARACTERS_MAX}
          onChange={(event) => setTitle(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && onDone()}
          placeholder="As its first question"
          className="h-9 w-full rounded-md border border-line-strong bg-surface px-2.5"
        />
      </label>
      <Button type="submit" size="small" variant="primary" disabled={rename.isPending}>
        Save
      </Button>
      <Button size="small" variant="quiet" onClick={onDone}>
        Cancel
      </Button>
      <p role="alert" className="basis-full text-sm text-danger empty:hidden">
        {rename.error ? toRequestError(rename.error).message : null}
      </p>
    </form>
  );
}
