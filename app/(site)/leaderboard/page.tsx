import type { Metadata } from "next";
import { BoardScreen } from "./_components/board-screen";
import type { PageParameters } from "./_components/page-parameters";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Leaderboard" };

type LeaderboardPageProps = { searchParams: Promise<PageParameters> };

export default async function LeaderboardPage({ searchParams }: LeaderboardPageProps) {
  return <BoardScreen category="overall" parameters={await searchParams} />;
}
