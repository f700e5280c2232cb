import type { Metadata } from "next";
import { BattleView } from "./_battle/battle-view";

export const metadata: Metadata = { title: { absolute: "Parley: ask once, two models answer" } };

export default function BattlePage() {
  return <BattleView initialId={null} />;
}
