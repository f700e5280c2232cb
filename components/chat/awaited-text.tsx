import clsx from "clsx";
import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import { countOf } from "../format";
import { Skeleton } from "../ui/skeleton";

export type AwaitedTextProps = { answer: TurnAnswer | null; className?: string };

/** In the place of an answer without a word: that it is coming, and why it is not there yet where that is known. */
export function AwaitedText({ answer, className }: AwaitedTextProps) {
  // What it thinks by now says that the wait is over.
  const waiting = answer?.reasoning === "" ? answer.waiting : undefined;
  return (
    <div className={clsx("space-y-3 pt-1.5", className)}>
      <p
        role="status"
        className={clsx("text-sm text-ink-soft", waiting === undefined && "sr-only")}
      >
        {waiting && toWords(waiting.estimateSeconds)}
      </p>
      <Skeleton className="h-3.5 w-11/12" />
      <Skeleton className="h-3.5 w-3/5" />
    </div>
  );
}

function toWords(estimateSeconds: number | undefined): string {
  const loading = "The model is being loaded by its host…";
  if (estimateSeconds === undefined || estimateSeconds < 1) return loading;
  const isLong = estimateSeconds >= 90;
  const guess = isLong
    ? countOf(Math.round(estimateSeconds / 60), "minute")
    : countOf(Math.round(estimateSeconds), "second");
  return `${loading} It expects to take ${guess}.`;
}
