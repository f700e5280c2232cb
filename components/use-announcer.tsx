"use client";

import { type ReactNode, useCallback, useState } from "react";

/** Sentences that come at one moment stand beside each other: one in the place of the other may go unread. */
const KEPT = 3;

/** A polite live region and the way to speak through it. The same sentence twice is said twice. */
export function useAnnouncer(): { announce: (sentence: string) => void; region: ReactNode } {
  const [said, setSaid] = useState<readonly { sentence: string; number: number }[]>([]);
  const announce = useCallback(
    (sentence: string) =>
      setSaid((last) => {
        const number = (last.at(-1)?.number ?? 0) + 1;
        return [...last, { sentence, number }].slice(-KEPT);
      }),
    [],
  );
  const region = (
    <div
      role="status"
      aria-live="polite"
      aria-atomic="false"
      aria-relevant="additions"
      className="sr-only"
    >
      {said.map(({ sentence, number }) => (
        <p key={number}>{sentence}</p>
      ))}
    </div>
  );
  return { announce, region };
}
