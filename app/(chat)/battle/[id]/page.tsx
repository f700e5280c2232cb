import type { Metadata } from "next";
import { BattleView } from "../../_battle/battle-view";

export const metadata: Metadata = { title: "Battle" };

export type StoredBattlePageProps = { params: Promise<{ id: string }> };

export default async function StoredBattlePage({ params }: StoredBattlePageProps) {
  return <BattleView initialId={(await params).id} initialStatus={null} />;
}
