"use client";

import { Pencil } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { PROMPT_CHARACTERS_MAX } from "@/lib/limits";
import { Button } from "../ui/button";
import { Question } from "./question";

export type EditableQuestionProps = {
  text: string;
  /** Something is being answered: a new branch has to wait. */
  isBusy: boolean;
  onAsk: (prompt: string) => void;
  /** Stands beside the edit button, as the switch between branches. */
  children?: ReactNode;
};

/** A question that can be put in other words, which begins a branch beside it; the old one is kept. */
export function EditableQuestion({ text, isBusy, onAsk, children }: EditableQuestionProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const editButton = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  const isEditing = draft !== null;
  useEffect(() => {
    if (wasEditing.current && !isEditing) editButton.current?.focus({ preventScroll: true });
    wasEditing.current = isEditing;
  }, [isEditing]);

  if (draft !== null) {
    const ask = () => {
      setDraft(null);
      if (draft.trim() !== text.trim()) onAsk(draft.trim());
    };
    return (
      <QuestionForm
        draft={draft}
        isBusy={isBusy}
        onChange={setDraft}
        onAsk={ask}
        onLeave={() => setDraft(null)}
      />
    );
  }
  return (
    <div className="group/question">
      <Question text={text} />
      <div className="mt-1 -mr-2.5 flex min-h-8 items-center justify-end gap-1">
        {children}
        <Button
          ref={editButton}
          variant="quiet"
          size="small"
          disabled={isBusy}
          onClick={() => setDraft(text)}
          aria-label="Edit the question"
        >
          <Pencil size={14} strokeWidth={1.5} aria-hidden="true" />
          Edit
        </Button>
      </div>
    </div>
  );
}

type QuestionFormProps = {
  draft: string;
  isBusy: boolean;
  onChange: (draft: string) => void;
  onAsk: () => void;
  onLeave: () => void;
};

function QuestionForm({ draft, isBusy, onChange, onAsk, onLeave }: QuestionFormProps) {
  const isTooLong = draft.length > PROMPT_CHARACTERS_MAX;
  const canAsk = !isBusy && draft.trim() !== "" && !isTooLong;
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      onLeave();
    }
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (canAsk) onAsk();
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (canAsk) onAsk();
      }}
      className="ml-auto w-full max-w-[72ch] rounded-lg border border-line-strong bg-surface focus-within:border-accent focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent"
    >
      <label>
        <span className="sr-only">The question in other words</span>
        <textarea
          // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was just used.
          autoFocus
          value={draft}
          rows={Math.min(8, draft.split("\n").length + 1)}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={onKeyDown}
          className="block max-h-[38dvh] w-full resize-none overflow-y-auto bg-transparent px-4 py-2.75 text-base"
        />
      </label>
      <div className="flex flex-wrap items-center justify-end gap-2 p-1.5">
        {isTooLong && (
          <p role="status" className="mr-auto pl-2.5 text-xs text-danger">
            {draft.length - PROMPT_CHARACTERS_MAX} characters too long.
          </p>
        )}
        <Button variant="quiet" onClick={onLeave} className="h-9">
          Cancel
        </Button>
        <Button variant="primary" type="submit" disabled={!canAsk} className="h-9">
          Ask again
        </Button>
      </div>
    </form>
  );
}
