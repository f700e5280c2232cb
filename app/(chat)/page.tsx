import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { arena } from "@/lib/arena/arena";
import { readArenaStatus } from "@/lib/arena/read-models";
import type { ArenaStatus } from "@/lib/protocol/arena-view";
import { log } from "@/lib/telemetry/log";
import { BattleView } from "./_battle/battle-view";
import { type Query, readDeepLink } from "./_battle/deep-link";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: { absolute: "Parley: ask once, two models answer" } };

export type BattlePageProps = { searchParams: Promise<Query> };

export default async function BattlePage({ searchParams }: BattlePageProps) {
  const elsewhere = readDeepLink(await searchParams);
  if (elsewhere) redirect(elsewhere);
  return <BattleView initialId={null} initialStatus={await readInitial()} />;
}

/** For the first paint. Where it cannot be read the page asks again by itself and says what is wrong. */
async function readInitial(): Promise<ArenaStatus | null> {
  try {
    return await readArenaStatus(arena());
  } catch (error) {
    log.warn({ err: error }, "the first paint of the battle has no data");
    return null;
  }
}
