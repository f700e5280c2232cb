import { formatCount } from "@/components/format";
import { RATING_WORDS } from "@/components/rating-words";
import type { LeaderboardEntry } from "@/lib/protocol/arena-view";
import { type RatingScale, toPercent } from "./rating-scale";

export type IntervalProps = { entry: LeaderboardEntry; scale: RatingScale | undefined };

/** The score: its number, its interval in words, and both drawn on the scale all rows share. */
export function Interval({ entry, scale }: IntervalProps) {
  const { status, rating, lower, upper } = entry;
  const hasNumber = rating !== null && lower !== null && upper !== null;
  return (
    <div className="grid grid-cols-[3rem_5.5rem_minmax(9rem,1fr)] items-center gap-x-4">
      {hasNumber ? (
        <>
          <span className="text-right font-semibold">{formatCount(rating)}</span>
          <span className="text-xs text-ink-soft">
            <span className="sr-only">95 % interval </span>
            {formatCount(lower)}–{formatCount(upper)}
          </span>
        </>
      ) : (
        <span className="col-span-2 text-ink-soft">{RATING_WORDS[status]}</span>
      )}
      <div className="relative h-12" aria-hidden="true">
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
              className="absolute top-1/2 size-2.5 -translate-1/2 rounded-full bg-ink transition-all duration-240 ease-out"
              style={{ left: `${toPercent(rating, scale)}%` }}
            />
          </>
        )}
      </div>
    </div>
  );
}

export function ScaleTicks({ scale }: { scale: RatingScale }) {
  return (
    <span className="relative block h-4 min-w-36" aria-hidden="true">
      {scale.ticks.map((tick) => (
        <span
          key={tick}
          className="absolute -translate-x-1/2 font-normal text-ink-soft"
          style={{ left: `${toPercent(tick, scale)}%` }}
        >
          {formatCount(tick)}
        </span>
      ))}
    </span>
  );
}
