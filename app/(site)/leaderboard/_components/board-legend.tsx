import { countOf } from "@/components/format";
import type { BoardRow } from "@/lib/protocol/board-view";

export type BoardLegendProps = {
  /** Those that are shown. */
  rows: readonly Pick<BoardRow, "rating" | "isPreliminary" | "isRetired">[];
  preliminaryVotesMax: number | null;
};

/** How to read the table, in words for what stands in it. */
export function BoardLegend({ rows, preliminaryVotesMax }: BoardLegendProps) {
  if (!rows.some((row) => row.rating !== null)) return null;
  const isPreliminary = rows.some((row) => row.isPreliminary);
  const isRetired = rows.some((row) => row.isRetired);
  return (
    <dl className="mt-4 grid max-w-[68ch] gap-y-1 text-xs text-ink-soft [&_dt]:inline [&_dt]:font-medium [&_dt]:text-ink [&_dd]:inline">
      <div>
        <dt>Rank</dt>
        <dd>
          {" "}
          is one more than the number of models whose whole interval lies above. The spread is the
          best and the worst place that the intervals allow.
        </dd>
      </div>
      {isPreliminary && (
        <div>
          <dt>Preliminary</dt>
          <dd>
            {" "}
            and a hollow dot: rated on{" "}
            {preliminaryVotesMax === null
              ? "few votes"
              : `${countOf(preliminaryVotesMax, "vote")} or fewer`}
            , so the score may move far yet.
          </dd>
        </div>
      )}
      {isRetired && (
        <div>
          <dt>Retired</dt>
          <dd> models are no longer drawn for battles. They keep their place and their votes.</dd>
        </div>
      )}
    </dl>
  );
}
