import type { Metadata } from "next";
import { VotesHead } from "@/components/board/votes-head";
import type { TopicList } from "@/lib/protocol/board-view";
import { log } from "@/lib/telemetry/log";
import { readTopicList } from "@/lib/topics/read-topics";
import { ExploreView } from "./_components/explore-view";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Prompts" };

export default async function ExplorePage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <VotesHead current="explore" title="Prompts">
        What is asked: the first questions of blind battles, sorted into topics by their words. Each
        topic has a board of its own, from the votes on its battles.
      </VotesHead>
      <ExploreView initial={await readInitial()} />
    </main>
  );
}

/** For the first paint. Where it cannot be read the page asks again by itself and says what is wrong. */
async function readInitial(): Promise<TopicList | null> {
  try {
    return await readTopicList();
  } catch (error) {
    log.warn({ err: error }, "the first paint of the topics has no data");
    return null;
  }
}
