import type { Metadata } from "next";
import { BoardScreen } from "./_components/board-screen";
import { toBoardTitle } from "./_components/board-title";
import type { PageParameters } from "./_components/page-parameters";

export const dynamic = "force-dynamic";

type LeaderboardPageProps = { searchParams: Promise<PageParameters> };

export async function generateMetadata({ searchParams }: LeaderboardPageProps): Promise<Metadata> {
  return { title: toBoardTitle("overall", await searchParams) };
}

export default async function LeaderboardPage({ searchParams }: LeaderboardPageProps) {
  return <BoardScreen category="overall" parameters={await searchParams} />;
}
