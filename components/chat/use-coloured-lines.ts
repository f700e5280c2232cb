"use client";

import { useEffect, useRef, useState } from "react";
import { type CodeToken, type Highlighting, openHighlighting } from "./highlight";

/** Lines that are coloured in one go, so that a long listing leaves the page free to react in between. */
const LINES_AT_ONCE = 40;
/** Longer listings keep their plain rest; colours of the ten-thousandth line help nobody. */
const COLOURED_CHARACTERS_MAX = 100_000;

export type ColouredCode = {
  /** The code that has its colours so far: a prefix of all of it. */
  source: string;
  /** Groups of complete lines; a group once made never changes, so that only new ones are drawn. */
  groups: readonly (readonly CodeToken[][])[];
  /** The line after them, which may still grow. */
  tail: readonly CodeToken[];
};

const NOTHING: ColouredCode = { source: "", groups: [], tail: [] };

type Done = { language: string; source: string; highlighting: Highlighting };

/**
 * The colours of a code that may still grow: each line is read once, when it is complete, from the state in
 * which the line before it left the grammar. Coloured lines stay while the next ones are on the way.
 */
export function useColouredLines(code: string, language: string): ColouredCode {
  const [coloured, setColoured] = useState(NOTHING);
  const kept = useRef<Done | null>(null);

  useEffect(() => {
    let isCurrent = true;
    const isMore = kept.current?.language === language && code.startsWith(kept.current.source);
    if (!isMore) kept.current = null;

    async function colour() {
      const highlighting = kept.current?.highlighting ?? (await openHighlighting(language));
      if (!isCurrent) return;
      kept.current ??= { language, source: "", highlighting };
      const done = kept.current;
      const end = Math.min(code.lastIndexOf("\n") + 1, COLOURED_CHARACTERS_MAX);
      while (done.source.length < end) {
        const to = endOfLines(code, done.source.length, end);
        highlighting.add(code.slice(done.source.length, to));
        done.source = code.slice(0, to);
        setColoured({ source: done.source, groups: [...highlighting.groups], tail: [] });
        await new Promise((settle) => setTimeout(settle));
        if (!isCurrent) return;
      }
      if (code.length > COLOURED_CHARACTERS_MAX) return;
      const tail = highlighting.peek(code.slice(end));
      setColoured({ source: code, groups: [...highlighting.groups], tail });
    }
    // A language that is not carried, or a grammar that failed: the plain text is complete without colours.
    colour().catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [code, language]);

  return code.startsWith(coloured.source) ? coloured : NOTHING;
}

/** The end of the next few lines; at `max` ends one for certain. */
function endOfLines(code: string, from: number, max: number): number {
  let end = from;
  for (let line = 0; line < LINES_AT_ONCE && end < max; line++) {
    const next = code.indexOf("\n", end);
    end = next === -1 || next >= max ? max : next + 1;
  }
  return end;
}
