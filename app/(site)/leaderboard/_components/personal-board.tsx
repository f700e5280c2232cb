"use client";

import Link from "next/link";
import { countOf, formatCount } from "@/components/format";
import { RATING_WORDS } from "@/components/rating-words";
import { toRequestError } from "@/components/request-json";
import { Button, buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/lib/paths";
import type { PersonalBoard as PersonalBoardView } from "@/lib/protocol/board-view";

/** Fewer votes of one person than this order hardly two models. */
const FEW_VOTES = 30;

export type PersonalBoardProps = {
  board: PersonalBoardView | undefined;
  error: Error | null;
  onRetry: () => void;
  /** Ranks of the board that is shown, by model. */
  publicRanks: ReadonlyMap<string, number | null>;
  publicName: string;
};

/** The visitor's own ranks beside everybody's. */
export function PersonalBoard(props: PersonalBoardProps) {
  const { board } = props;
  return (
    <section aria-labelledby="your-board" className="mt-16 scroll-mt-20">
      <h2 id="your-board" className="scroll-mt-20 font-display text-xl">
        Your board
      </h2>
      {board === undefined ? <Missing {...props} /> : <Given {...props} board={board} />}
    </section>
  );
}

function Missing({ error, onRetry }: PersonalBoardProps) {
  if (error === null) {
    return (
      <div role="status" aria-label="Loading your board" className="mt-4 space-y-3">
        <Skeleton className="h-4 w-80 max-w-full" />
        <Skeleton className="h-4 w-64 max-w-full" />
      </div>
    );
  }
  return (
    <Notice
      tone="danger"
      className="mt-4"
      action={
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      Your board could not be read. {toRequestError(error).message} Your votes are kept.
    </Notice>
  );
}

type GivenProps = PersonalBoardProps & { board: PersonalBoardView };

function Given({ board, publicRanks, publicName }: GivenProps) {
  if (board.votes === 0) {
    return (
      <>
        <p className="mt-3 mb-6 max-w-[68ch] text-ink-soft">
          Your own blind votes make a board of their own, which nobody else sees. You have cast none
          in this browser yet.
        </p>
        <Link href={paths.battle} prefetch={false} className={buttonClass()}>
          Start a battle
        </Link>
      </>
    );
  }
  const isRanked = board.rows.some((row) => row.rank !== null);
  return (
    <>
      <p className="mt-3 mb-6 max-w-[68ch] text-ink-soft">
        From your {countOf(board.votes, "blind vote")} in this browser alone, beside the public
        ranks ({publicName}). {honestly(board.votes, isRanked)}
      </p>
      <OwnTable board={board} publicRanks={publicRanks} />
    </>
  );
}

function honestly(votes: number, isRanked: boolean): string {
  if (!isRanked) {
    return "They do not tie models together into an order yet: for a rank a model has to win once and to lose once among them.";
  }
  return votes < FEW_VOTES
    ? "So few votes say little: take it as a note of what you have seen, and not as a measurement."
    : "One person’s votes still leave wide intervals: close ranks may be chance.";
}

function OwnTable({ board, publicRanks }: Pick<GivenProps, "board" | "publicRanks">) {
  return (
    <section
      aria-label="Your board, scrolls inside itself"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
      tabIndex={0}
      className="overflow-x-auto"
    >
      <table className="numeric w-full max-w-3xl border-separate border-spacing-0 text-sm">
        <thead className="text-xs text-ink-soft">
          <tr>
            <Head>Yours</Head>
            <Head>Public</Head>
            <Head isText>Model</Head>
            <Head>Your score</Head>
            <Head>Won</Head>
            <Head>Lost</Head>
            <Head>Tied</Head>
          </tr>
        </thead>
        <tbody>
          {board.rows.map((row) => (
            <tr key={row.model}>
              <Cell className="w-14 font-medium">{row.rank ?? "–"}</Cell>
              <Cell className="w-14 text-ink-soft">{publicRanks.get(row.model) ?? "–"}</Cell>
              <th scope="row" className="border-b border-line py-3 pr-6 text-left font-medium">
                <Link
                  href={paths.model(row.slug)}
                  prefetch={false}
                  className="block w-max max-w-40 font-mono [overflow-wrap:anywhere] underline-offset-4 hover:underline sm:max-w-72"
                >
                  {row.model}
                </Link>
              </th>
              <Cell className="whitespace-nowrap">
                {row.rating === null ? (
                  <span className="text-ink-soft">{RATING_WORDS[row.status]}</span>
                ) : (
                  <>
                    {formatCount(row.rating)}
                    {row.lower !== null && row.upper !== null && (
                      <span className="ml-2 text-xs text-ink-soft">
                        <span className="sr-only">95 % interval </span>
                        {formatCount(row.lower)}–{formatCount(row.upper)}
                      </span>
                    )}
                  </>
                )}
              </Cell>
              <Cell className="w-16">{row.wins}</Cell>
              <Cell className="w-16">{row.losses}</Cell>
              <Cell className="w-16">{row.ties}</Cell>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Head({ children, isText = false }: { children: string; isText?: boolean }) {
  return (
    <th
      scope="col"
      className={`border-b border-line py-2 pr-4 font-medium last:pr-0 ${isText ? "text-left" : "text-right"}`}
    >
      {children}
    </th>
  );
}

type CellProps = { children: React.ReactNode; className?: string };

function Cell({ children, className = "" }: CellProps) {
  return (
    <td className={`border-b border-line py-3 pr-4 text-right last:pr-0 ${className}`}>
      {children}
    </td>
  );
}
