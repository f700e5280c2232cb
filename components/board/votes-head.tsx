import clsx from "clsx";
import Link from "next/link";
import type { ReactNode } from "react";
import { paths } from "@/lib/paths";

const VIEWS = [
  ["board", paths.leaderboard, "Board"],
  ["overview", paths.leaderboardOverview, "Overview"],
  ["explore", paths.explore, "Prompts"],
  ["stats", paths.stats, "Numbers"],
] as const;

export type VotesHeadProps = {
  current: "board" | "overview" | "explore" | "stats";
  title: string;
  /** One paragraph on what is shown. */
  children: ReactNode;
};

/** The title of the pages about votes, and the way from one to the other. */
export function VotesHead({ current, title, children }: VotesHeadProps) {
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-3">
        <h1 className="font-display text-2xl tracking-tight">{title}</h1>
        <nav aria-label="Views of the votes">
          <ul className="flex gap-x-5 text-sm">
            {VIEWS.map(([name, href, label]) => (
              <li key={name}>
                <Link
                  href={href}
                  prefetch={false}
                  aria-current={name === current ? "page" : undefined}
                  className={clsx(
                    "flex min-h-8 items-center underline-offset-8 pointer-coarse:min-h-11",
                    name === current
                      ? "text-ink underline decoration-2"
                      : "text-ink-soft hover:text-ink",
                  )}
                >
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      <p className="mt-4 mb-6 max-w-[68ch] text-ink-soft">{children}</p>
    </>
  );
}
