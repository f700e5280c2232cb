import { formatCount } from "@/components/format";
import { STATS_GROUP_MIN } from "@/lib/arena-limits";
import type { SiteStats } from "@/lib/protocol/board-view";
import { shownDays } from "./shown-days";

/** What the days come to together. People are not added up: who came on two days is one person. */
export function Totals({ stats }: { stats: SiteStats }) {
  const days = shownDays(stats.days);
  const counts = (["calls", "battles", "votes"] as const).map((what) => ({
    what,
    total: days.reduce((sum, day) => sum + (day[what] ?? 0), 0),
    isMore: days.some((day) => day[what] === null),
  }));
  const most = Math.max(0, ...days.map((day) => day.visitors ?? 0));
  const isFew = most === 0 && days.some((day) => day.visitors === null);
  return (
    <>
      <dl className="grid grid-cols-2 gap-x-8 gap-y-8 md:grid-cols-4">
        {counts.map(({ what, total, isMore }) => (
          <Total
            key={what}
            term={WORDS[what]}
            value={`${formatCount(total)}${isMore ? " +" : ""}`}
          />
        ))}
        <Total
          term="visitors on the busiest day"
          value={isFew ? `< ${STATS_GROUP_MIN}` : formatCount(most)}
        />
      </dl>
      {counts.some(({ isMore }) => isMore) && (
        <p className="mt-6 text-sm text-ink-soft">
          + and those of days with fewer than {STATS_GROUP_MIN} people, which no sum gives away.
        </p>
      )}
    </>
  );
}

const WORDS = { calls: "answers asked of models", battles: "battles", votes: "blind votes" };

function Total({ term, value }: { term: string; value: string }) {
  return (
    <div className="flex flex-col-reverse justify-end gap-1">
      <dt className="text-sm text-ink-soft">{term}</dt>
      <dd className="numeric font-display text-2xl tracking-tight">{value}</dd>
    </div>
  );
}
