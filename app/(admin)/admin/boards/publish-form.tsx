"use client";

import { type FormEvent, useState } from "react";
import { CATEGORY_LABELS, periodLabel } from "@/components/board/board-labels";
import { Button } from "@/components/ui/button";
import { BOARD_TITLE_CHARACTERS_MAX } from "@/lib/board-limits";
import { BOARD_PERIODS, CATEGORIES, isCategory } from "@/lib/protocol/board-key";
import { FIELD } from "../keys/field";
import { type BoardDraft, EMPTY_DRAFT, toNewBoard } from "./board-draft";
import { usePublish } from "./use-boards";

const PERIODS: readonly { period: BoardDraft["period"]; label: string }[] = [
  ...BOARD_PERIODS.map((period) => ({ period, label: periodLabel(period) })),
  { period: "span", label: "Days of your own" },
];

/** What is frozen: a board of the votes of this moment. */
export function PublishForm() {
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const { mutate, isPending, problem } = usePublish();
  const change = (changes: Partial<BoardDraft>) => setDraft({ ...draft, ...changes });

  function submit(event: FormEvent) {
    event.preventDefault();
    mutate(toNewBoard(draft), { onSuccess: () => setDraft(EMPTY_DRAFT) });
  }

  return (
    <form
      onSubmit={submit}
      aria-label="Publish a board"
      className="grid max-w-3xl gap-4 sm:grid-cols-2"
    >
      <label className="block text-sm font-medium sm:col-span-2">
        Title
        <input
          value={draft.title}
          onChange={(event) => change({ title: event.target.value })}
          required
          maxLength={BOARD_TITLE_CHARACTERS_MAX}
          autoComplete="off"
          className={FIELD}
        />
      </label>
      <label className="block text-sm font-medium">
        Category
        <select
          value={draft.category}
          onChange={({ target }) => isCategory(target.value) && change({ category: target.value })}
          className={FIELD}
        >
          {CATEGORIES.map((category) => (
            <option key={category} value={category}>
              {CATEGORY_LABELS[category]}
            </option>
          ))}
        </select>
      </label>
      <label className="block text-sm font-medium">
        Language of the prompts
        <input
          value={draft.language}
          onChange={(event) => change({ language: event.target.value })}
          aria-describedby="language-hint"
          pattern="\s*[a-zA-Z]{2,3}\s*"
          title="A code of two or three letters"
          autoComplete="off"
          spellCheck={false}
          className={`${FIELD} font-mono`}
        />
        <span id="language-hint" className="mt-1 block font-normal text-ink-soft">
          A code such as de. Empty: all.
        </span>
      </label>
      <PeriodFields draft={draft} onChange={change} />
      <label className="flex items-baseline gap-3 py-1.5 text-sm pointer-coarse:py-3 sm:col-span-2">
        <input
          type="checkbox"
          checked={draft.style}
          onChange={(event) => change({ style: event.target.checked })}
          className="size-4 translate-y-0.5 accent-accent"
        />
        Style control: length, headers, lists and bold taken out
      </label>
      <div className="sm:col-span-2">
        <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
          {problem?.message}
        </p>
        <Button type="submit" variant="primary" disabled={isPending}>
          Publish the board
        </Button>
      </div>
    </form>
  );
}

type PeriodFieldsProps = { draft: BoardDraft; onChange: (changes: Partial<BoardDraft>) => void };

function PeriodFields({ draft, onChange }: PeriodFieldsProps) {
  return (
    <>
      <label className="block text-sm font-medium sm:col-span-2">
        Period
        <select
          value={draft.period}
          onChange={({ target }) => {
            const found = PERIODS.find(({ period }) => period === target.value);
            if (found) onChange({ period: found.period });
          }}
          className={FIELD}
        >
          {PERIODS.map(({ period, label }) => (
            <option key={period} value={period}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {draft.period === "span" &&
        (["from", "to"] as const).map((end) => (
          <label key={end} className="block text-sm font-medium">
            {end === "from" ? "First day (UTC)" : "Last day (UTC)"}
            <input
              type="date"
              required
              value={draft[end]}
              min={end === "to" ? draft.from : undefined}
              onChange={(event) => onChange({ [end]: event.target.value })}
              className={FIELD}
            />
          </label>
        ))}
    </>
  );
}
