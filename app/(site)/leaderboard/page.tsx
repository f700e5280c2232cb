import type { Metadata } from "next";
import Link from "next/link";
import { arena } from "@/lib/arena/arena";
import { readNamedModels } from "@/lib/arena/awake-models";
import { readSnapshot } from "@/lib/leaderboard/read-snapshot";
import { paths } from "@/lib/paths";
import type { LeaderboardView } from "@/lib/protocol/arena-view";
import { log } from "@/lib/telemetry/log";
import { BoardView } from "./_components/board-view";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Leaderboard" };

export default async function LeaderboardPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">Leaderboard</h1>
      <p className="mt-4 mb-10 max-w-[68ch] text-ink-soft">
        Scores follow from every counted blind vote by a Bradley–Terry model; the line is the 95 %
        interval, and where two lines overlap the votes do not yet tell the models apart. What was
        taken out or put back is in the{" "}
        <Link
          href={paths.publicLog}
          prefetch={false}
          className="text-accent underline underline-offset-4"
        >
          public log
        </Link>
        .
      </p>
      <BoardView initial={await readInitial()} />
    </main>
  );
}

/** For the first paint. Where it cannot be read the page asks again by itself and says what is wrong. */
async function readInitial(): Promise<LeaderboardView | null> {
  try {
    const awake = await readNamedModels(arena().controller);
    return await readSnapshot({ awake: awake.map((model) => model.name) });
  } catch (error) {
    log.warn({ err: error }, "the board's first paint has no data");
    return null;
  }
}
