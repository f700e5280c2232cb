"use client";

import { formatDate } from "@/components/format";

/** A moment in the reader's time zone; the server's stands there until the page is awake. */
export function LocalTime({ at }: { at: string }) {
  return (
    <time dateTime={at} suppressHydrationWarning>
      {formatDate(new Date(at))}
    </time>
  );
}
