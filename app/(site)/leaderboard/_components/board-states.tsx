import Link from "next/link";
import type { ReactNode } from "react";
import { Button, buttonClass } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/lib/paths";
import type { BoardView } from "@/lib/protocol/board-view";

export function NoVotes() {
  return (
    <div className="border-b border-line py-18">
      <p className="font-display text-xl">No vote yet.</p>
      <p className="mt-3 max-w-[60ch] text-ink-soft">
        The board is made of votes in battles. The first one puts two models on it.
      </p>
      <p className="mt-8">
        <Link href={paths.battle} prefetch={false} className={buttonClass({ variant: "primary" })}>
          Start a battle
        </Link>
      </p>
    </div>
  );
}

type NothingHereProps = { board: string; onShowAll: () => void };

export function NothingHere({ board, onShowAll }: NothingHereProps) {
  return (
    <div className="border-b border-line py-12">
      <p className="font-display text-lg">No vote in “{board}” yet.</p>
      <p className="mt-2 mb-6 max-w-[60ch] text-ink-soft">
        Each battle counts in every category and language that its prompt belongs to, and in the
        days it was fought in. None fits all that is chosen here so far.
      </p>
      <Button onClick={onShowAll}>Show all votes</Button>
    </div>
  );
}

/** What stands above rows without a score. */
export function Unrated({ voteCount }: { voteCount: number }) {
  return (
    <p className="mb-4 max-w-[68ch] text-sm text-ink-soft">
      {voteCount === 0
        ? "Nobody has voted yet. "
        : "No model has a score yet: a score needs votes enough, and a chain of wins and losses that ties the models together. "}
      <Go to={paths.battle}>{voteCount === 0 ? "Cast the first vote" : "Cast a vote"}</Go>
    </p>
  );
}

export function Computing({ progress }: { progress: BoardView["progress"] }) {
  const { done, total } = progress ?? { done: 0, total: 1 };
  const percent = total === 0 ? 0 : Math.round((done / total) * 100);
  return (
    <div className="border-b border-line py-12">
      <p id="computing" className="font-display text-lg">
        This board is being computed.
      </p>
      <p className="mt-2 mb-6 max-w-[60ch] text-ink-soft">
        Nobody has asked for these votes lately. It takes some seconds and is kept for the next one
        who asks.
      </p>
      <div className="flex max-w-md items-center gap-4">
        <div
          role="progressbar"
          aria-labelledby="computing"
          aria-valuenow={percent}
          aria-valuemin={0}
          aria-valuemax={100}
          className="h-1 flex-1 overflow-hidden rounded-full bg-line"
        >
          <div
            className="h-full rounded-full bg-accent transition-all duration-240 ease-out"
            style={{ width: `${Math.max(percent, 2)}%` }}
          />
        </div>
        <span className="numeric w-12 text-right text-sm text-ink-soft">{percent} %</span>
      </div>
    </div>
  );
}

const ROWS = ["first", "second", "third", "fourth", "fifth", "sixth"];

export function BoardSkeleton() {
  return (
    <div role="status" aria-label="Loading the board">
      <div className="flex h-10 items-center border-b border-line">
        <Skeleton className="h-3 w-48" />
      </div>
      {ROWS.map((row) => (
        <div key={row} className="flex h-12 items-center gap-6 border-b border-line">
          <Skeleton className="h-4 w-5" />
          <Skeleton className="h-4 w-28" />
          <Skeleton className="h-1 flex-1" />
          <Skeleton className="h-4 w-14 max-sm:hidden" />
          <Skeleton className="h-4 w-24 max-sm:hidden" />
        </div>
      ))}
    </div>
  );
}

export function Go({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link href={to} prefetch={false} className="text-accent underline underline-offset-4">
      {children}
    </Link>
  );
}
