"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { SiteLinks } from "@/components/site-links";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/lib/paths";
import type { ArenaStatus } from "@/lib/protocol/arena-view";
import { Examples } from "../_pair/examples";

export type BattleStartProps = {
  status: ArenaStatus | undefined;
  /** Why the page does not know how the arena is doing. */
  problem: string | null;
  /** What became of a question that was not taken, in the place of the examples. */
  notice: ReactNode;
  composer: ReactNode;
  onExample: (prompt: string) => void;
};

/** The empty page: what this is, where to ask, and three questions to begin with. */
export function BattleStart({ status, problem, notice, composer, onExample }: BattleStartProps) {
  return (
    <div className="mx-auto flex w-full max-w-[720px] flex-1 flex-col">
      <div className="flex flex-1 flex-col justify-center pt-8 pb-12">
        <h1 className="text-center font-display text-xl tracking-tight text-balance sm:text-2xl">
          Ask once. Two models answer.
          <span className="block text-ink-soft">You judge them before you know them.</span>
        </h1>
        <div className="mt-10">{composer}</div>
        <div className="mt-5 min-h-28 sm:min-h-16">
          {notice ??
            (problem ? (
              <p className="text-center text-sm text-danger">{problem}</p>
            ) : status === undefined ? (
              <div className="flex justify-center gap-8 pt-2" role="status" aria-label="Loading">
                <Skeleton className="h-4 w-28" />
                <Skeleton className="h-4 w-40" />
                <Skeleton className="hidden h-4 w-36 sm:block" />
              </div>
            ) : status.modelsAwake < 2 ? (
              <Asleep status={status} />
            ) : (
              <Examples prompts={status.examplePrompts} onExample={onExample} />
            ))}
        </div>
      </div>
      <SiteLinks />
    </div>
  );
}

function Asleep({ status }: { status: ArenaStatus }) {
  return (
    <p className="numeric text-center text-sm text-ink-soft">
      {status.modelsAwake === 0
        ? "No model is awake yet."
        : "One model is awake. A battle needs two."}{" "}
      Workers: {status.workersReady} of {status.workersKnown}.{" "}
      <Link
        href={paths.adminWorkers}
        prefetch={false}
        className="text-accent underline underline-offset-4"
      >
        See the workers
      </Link>
    </p>
  );
}
