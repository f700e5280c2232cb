import Link from "next/link";
import type { ReactNode } from "react";
import { boardHref } from "@/components/board/board-address";
import { boardLabel } from "@/components/board/board-labels";
import { Interval, ScaleTicks } from "@/components/board/interval";
import { toRatingScale } from "@/components/board/rating-scale";
import { formatCount } from "@/components/format";
import { paths } from "@/lib/paths";
import { boardKeyText, parseBoardKey } from "@/lib/protocol/board-key";
import type { ModelPage } from "@/lib/protocol/board-view";
import { Section } from "./section";

type Place = ModelPage["places"][number];

/** Where it stands in each category and language, all on one scale. */
export function PlacesSection({ page: { places } }: { page: ModelPage }) {
  const rows = toRows(places);
  const scale = toRatingScale(rows.map(({ plain }) => plain));
  return (
    <Section
      id="places"
      title="On the boards"
      lead="Its score in each category and language, from all votes there; the line is the 95 % interval. Style control takes length and markdown out."
    >
      {rows.length === 0 ? (
        <p className="text-ink-soft">
          It is on no board yet: nobody has voted on it.{" "}
          <Link
            href={paths.battle}
            prefetch={false}
            className="text-accent underline underline-offset-4"
          >
            Start a battle
          </Link>
        </p>
      ) : (
        <section
          aria-label="Its place on each board, scrolls inside itself"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
          tabIndex={0}
          className="overflow-x-auto"
        >
          <table className="numeric w-full border-separate sm:min-w-[560px] border-spacing-0 text-sm">
            <thead className="text-xs text-ink-soft">
              <tr>
                <Head>Board</Head>
                <Head isNumber isWide>
                  Rank
                </Head>
                <Head>
                  <span className="grid grid-cols-[2.75rem_minmax(5.5rem,1fr)] gap-x-3 sm:grid-cols-[2.75rem_5.25rem_minmax(9rem,1fr)]">
                    <span className="sm:col-span-2">
                      Score<span className="max-sm:sr-only"> and interval</span>
                    </span>
                    {scale && <ScaleTicks scale={scale} />}
                  </span>
                </Head>
                <Head isNumber>Style control</Head>
                <Head isNumber>Votes</Head>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={row.plain.key} row={row} scale={scale} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Section>
  );
}

type PlaceRow = { plain: Place; styled: Place | undefined };

function toRows(places: readonly Place[]): PlaceRow[] {
  return places.flatMap((plain) => {
    const key = parseBoardKey(plain.key);
    if (key === undefined || key.style) return [];
    const styled = boardKeyText({ ...key, style: true });
    return [{ plain, styled: places.find((it) => it.key === styled) }];
  });
}

type RowProps = { row: PlaceRow; scale: ReturnType<typeof toRatingScale> };

function Row({ row: { plain, styled }, scale }: RowProps) {
  const key = parseBoardKey(plain.key);
  if (key === undefined) return null;
  const { rank, rankBest, rankWorst } = plain;
  const hasSpread = rankBest !== null && rankWorst !== null && rankBest !== rankWorst;
  return (
    <tr>
      <th scope="row" className="border-b border-line py-1 pr-4 text-left font-medium">
        <Link
          href={boardHref({ key })}
          prefetch={false}
          className="underline-offset-4 hover:underline"
        >
          {boardLabel(key)}
        </Link>
      </th>
      <td className="border-b border-line pr-4 text-right whitespace-nowrap sm:pr-8">
        {rank ?? "–"}
        {rank !== null && <span className="text-ink-soft"> of {formatCount(plain.models)}</span>}
        {hasSpread && (
          <span className="block text-xs text-ink-soft">
            <span className="sr-only">the intervals allow </span>
            {rankBest}–{rankWorst}
          </span>
        )}
      </td>
      <td className="border-b border-line pr-4 sm:w-1/2">
        <Interval entry={plain} scale={scale} />
      </td>
      <td className="border-b border-line pr-4 text-right whitespace-nowrap">
        {styled?.rating == null ? "–" : formatCount(styled.rating)}
        {styled?.rank != null && (
          <span className="block text-xs text-ink-soft">rank {formatCount(styled.rank)}</span>
        )}
      </td>
      <td className="border-b border-line text-right">{formatCount(plain.votes)}</td>
    </tr>
  );
}

type HeadProps = { children: ReactNode; isNumber?: boolean; isWide?: boolean };

function Head({ children, isNumber = false, isWide = false }: HeadProps) {
  return (
    <th
      scope="col"
      className={`border-b border-line py-2 align-bottom font-medium last:pr-0 ${isWide ? "pr-4 sm:pr-8" : "pr-4"} ${isNumber ? "text-right" : "text-left"}`}
    >
      {children}
    </th>
  );
}
