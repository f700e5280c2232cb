import Link from "next/link";
import { formatCount } from "@/components/format";
import { paths } from "@/lib/paths";
import type { BoardEntryView } from "@/lib/protocol/board-view";
import { Interval } from "./interval";
import { toRatingScale } from "./rating-scale";

export type SmallBoardProps = {
  /** What it is called for readers. */
  label: string;
  rows: readonly (BoardEntryView & { model: string; slug: string })[];
};

/** Rank, model, score and votes of a few models, in the order in which they come. */
export function SmallBoard({ label, rows }: SmallBoardProps) {
  const scale = toRatingScale(rows);
  return (
    <section
      aria-label={`${label}, scrolls inside itself`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
      tabIndex={0}
      className="overflow-x-auto"
    >
      <table className="numeric w-full border-separate border-spacing-0 text-sm">
        <thead className="text-xs text-ink-soft">
          <tr>
            <Head isNumber>Rank</Head>
            <Head>Model</Head>
            <Head>Score and interval</Head>
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
                <Link
                  href={paths.model(row.slug)}
                  prefetch={false}
                  className="block w-max max-w-36 font-mono [overflow-wrap:anywhere] underline-offset-4 hover:underline sm:max-w-60"
                >
                  {row.model}
                </Link>
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
