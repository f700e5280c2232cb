import { formatCount } from "@/components/format";
import type { BoardEntryView } from "@/lib/protocol/board-view";
import { Interval, ScaleTicks } from "./interval";
import { ModelName } from "./model-name";
import { toRatingScale } from "./rating-scale";

export type SmallBoardProps = {
  /** What it is called for readers. */
  label: string;
  rows: readonly (BoardEntryView & { model: string; slug: string; isPreliminary: boolean })[];
};

/** Rank, model, score and votes of a few models, in the order in which they come. */
export function SmallBoard({ label, rows }: SmallBoardProps) {
  const scale = toRatingScale(rows);
  return (
    <section
      aria-label={`${label}, scrolls inside itself`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
      tabIndex={0}
      className="relative overflow-x-auto"
    >
      <table aria-label={label} className="numeric w-full border-separate border-spacing-0 text-sm">
        <thead className="text-xs text-ink-soft">
          <tr>
            <Head isNumber>Rank</Head>
            <Head>Model</Head>
            <th scope="col" className="border-b border-line py-2 pr-4 text-left font-medium">
              <span className="grid grid-cols-[2.75rem_minmax(5.5rem,1fr)] items-center gap-x-3 sm:grid-cols-[8.75rem_minmax(9rem,1fr)]">
                <span>
                  Score<span className="max-sm:sr-only"> and interval</span>
                </span>
                {scale && <ScaleTicks scale={scale} />}
              </span>
            </th>
            <Head isNumber>Votes</Head>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.model}>
              <td className="w-10 border-b border-line pr-4 text-right font-medium">
                {row.rank ?? "–"}
              </td>
              <th scope="row" className="border-b border-line pr-4 text-left font-medium">
                <ModelName model={row.model} slug={row.slug} isPreliminary={row.isPreliminary} />
              </th>
              <td className="w-1/2 border-b border-line pr-4">
                <Interval entry={row} scale={scale} />
              </td>
              <td className="w-16 border-b border-line text-right">{formatCount(row.votes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Head({ children, isNumber = false }: { children: string; isNumber?: boolean }) {
  return (
    <th
      scope="col"
      className={`border-b border-line py-2 pr-4 font-medium last:pr-0 ${isNumber ? "text-right" : "text-left"}`}
    >
      {children}
    </th>
  );
}
