"use client";

import { type ReactNode, useCallback, useState } from "react";

/** A polite live region and the way to speak through it. The same sentence twice is said twice. */
export function useAnnouncer(): { announce: (sentence: string) => void; region: ReactNode } {
  const [said, setSaid] = useState({ sentence: "", count: 0 });
  const announce = useCallback(
    (sentence: string) => setSaid((last) => ({ sentence, count: last.count + 1 })),
    [],
  );
  const region = (
    <div role="status" aria-live="polite" className="sr-only">
      <span key={said.count}>{said.sentence}</span>
    </div>
  );
  return { announce, region };
}
