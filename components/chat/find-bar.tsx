"use client";

import { Search } from "lucide-react";
import { type FormEvent, useDeferredValue, useMemo, useState } from "react";
import { formatCount } from "../format";
import { Switcher } from "./switcher";
import type { Turn } from "./thread";

export type FindBarProps = {
  turns: readonly Turn[];
  isReadingEarlier: boolean;
  onShow: (index: number) => void;
};

/** Shorter words are in nearly every turn. */
const WORD_CHARACTERS_MIN = 2;

/** Finds words in all turns of a chat too long for the browser's own search, which sees only what is drawn. */
export function FindBar({ turns, isReadingEarlier, onShow }: FindBarProps) {
  const [words, setWords] = useState("");
  const [place, setPlace] = useState(-1);
  const wanted = useDeferredValue(words.trim().toLowerCase());
  const hits = useMemo(() => findTurns(turns, wanted), [turns, wanted]);

  function show(next: number) {
    const index = hits[next];
    if (index === undefined) return;
    setPlace(next);
    onShow(index);
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    // From the end backwards: what is looked for was mostly said lately.
    show(place <= 0 ? hits.length - 1 : place - 1);
  }
  return (
    <form
      onSubmit={submit}
      className="sticky top-[calc(var(--header-height)+8px)] z-10 mb-8 flex flex-wrap items-center gap-x-3 rounded-md border border-line bg-surface px-3"
    >
      <Search size={16} strokeWidth={1.5} aria-hidden="true" className="text-ink-soft" />
      <input
        type="search"
        value={words}
        aria-label="Find in this chat"
        placeholder={
          isReadingEarlier
            ? "Earlier questions are on their way…"
            : `Find in ${formatCount(turns.length)} questions and answers`
        }
        onChange={(event) => {
          setWords(event.target.value);
          setPlace(-1);
        }}
        className="h-10 min-w-0 flex-1 bg-transparent text-sm placeholder:text-ink-soft pointer-coarse:h-11"
      />
      {wanted.length >= WORD_CHARACTERS_MIN &&
        (hits.length > 0 ? (
          <Switcher
            label="Turns with these words"
            earlier="Earlier turn with these words"
            later="Later turn with these words"
            index={place}
            count={hits.length}
            onShow={show}
          />
        ) : (
          <p role="status" className="text-sm text-ink-soft">
            Nothing found
          </p>
        ))}
    </form>
  );
}

function findTurns(turns: readonly Turn[], words: string): number[] {
  if (words.length < WORD_CHARACTERS_MIN) return [];
  const has = (text: string) => text.toLowerCase().includes(words);
  return turns.flatMap(({ prompt, attempt }, index) =>
    has(prompt.content) || attempt?.answers.some((it) => has(it.content)) ? [index] : [],
  );
}
