import clsx from "clsx";
import { formatCount } from "@/components/format";
import { RATING_WORDS } from "@/components/rating-words";
import type { RatingStatus } from "@/lib/protocol/arena-view";
import { type RatingScale, type Scored, toPercent } from "./rating-scale";

export type IntervalProps = {
  entry: Scored & { status: RatingStatus; isPreliminary?: boolean };
  scale: RatingScale | undefined;
};

/** The score: its number, its interval in words, and both drawn on the scale all rows share. */
export function Interval({ entry, scale }: IntervalProps) {
  const { status, rating, lower, upper, isPreliminary = false } = entry;
  const hasNumber = rating !== null && lower !== null && upper !== null;
  return (
    <div className="grid grid-cols-[2.75rem_minmax(5.5rem,1fr)] items-center gap-x-3 sm:grid-cols-[2.75rem_5.25rem_minmax(9rem,1fr)]">
      {hasNumber ? (
        <>
          <span className="text-right font-semibold">{formatCount(rating)}</span>
          <span className="text-xs text-ink-soft max-sm:sr-only">
            <span className="sr-only">95 % interval </span>
            {formatCount(lower)}–{formatCount(upper)}
          </span>
        </>
      ) : (
        <span className="col-span-2 text-ink-soft max-sm:py-3">{RATING_WORDS[status]}</span>
      )}
      {(hasNumber || scale) && (
        <div
          className={clsx("relative h-12", !hasNumber && "max-sm:hidden")}
          aria-hidden="true"
          data-interval
        >
          {scale?.ticks.map((tick) => (
            <span
              key={tick}
              className="absolute inset-y-0 w-px bg-line/60"
              style={{ left: `${toPercent(tick, scale)}%` }}
            />
          ))}
          {hasNumber && scale && (
            <>
              <span
                className="absolute top-1/2 h-0.5 -translate-y-1/2 rounded-full bg-line-strong transition-all duration-240 ease-out"
                style={{
                  left: `${toPercent(lower, scale)}%`,
                  width: `${toPercent(upper, scale) - toPercent(lower, scale)}%`,
                }}
              />
              <span
                className={clsx(
                  "absolute top-1/2 size-2.5 -translate-1/2 rounded-full transition-all duration-240 ease-out",
                  isPreliminary ? "border-2 border-ink bg-paper" : "bg-ink",
                )}
                style={{ left: `${toPercent(rating, scale)}%` }}
              />
            </>
          )}
        </div>
      )}
    </div>
  );
}

export function ScaleTicks({ scale }: { scale: RatingScale }) {
  return (
    <span className="relative block h-4" aria-hidden="true">
      {scale.ticks.map((tick, index) => (
        <span
          key={tick}
          className={clsx(
            "absolute -translate-x-1/2 font-normal text-ink-soft",
            // On a phone the line is short: its ends and its middle are enough.
            index % 2 === 1 && "max-sm:hidden",
          )}
          style={{ left: `${toPercent(tick, scale)}%` }}
        >
          {formatCount(tick)}
        </span>
      ))}
    </span>
  );
}
