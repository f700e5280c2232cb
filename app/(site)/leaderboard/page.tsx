import type { Metadata } from "next";
import { BoardView } from "./_components/board-view";

export const metadata: Metadata = { title: "Leaderboard" };

export default function LeaderboardPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">Leaderboard</h1>
      <p className="mt-4 mb-10 max-w-[68ch] text-ink-soft">
        Scores follow from every counted blind vote by a Bradley–Terry model; the line is the 95 %
        interval, and where two lines overlap the votes do not yet tell the models apart.
      </p>
      <BoardView initial={null} />
    </main>
  );
}
