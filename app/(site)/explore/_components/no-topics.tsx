import Link from "next/link";
import { countOf, formatCount } from "@/components/format";
import { buttonClass } from "@/components/ui/button";
import { paths } from "@/lib/paths";
import type { TopicList } from "@/lib/protocol/board-view";
import { TOPIC_PROMPTS_MIN, TOPIC_VISITORS_MIN } from "@/lib/topic-limits";

/** What is missing until there are topics. */
export function NoTopics({ list }: { list: TopicList }) {
  return (
    <div className="max-w-[68ch] border-t border-line pt-8">
      <h2 className="text-lg font-medium">No topics yet</h2>
      <p className="mt-2 text-ink-soft">
        Topics appear when {formatCount(TOPIC_PROMPTS_MIN)} questions have been asked in battles by
        people who agreed to the terms, {TOPIC_VISITORS_MIN} of them and more about the same things.
        Questions are sorted once a day.
        {list.sortedAt !== null && ` Last time there were ${countOf(list.prompts, "question")}.`}
      </p>
      <Link href={paths.battle} className={`${buttonClass({ variant: "primary" })} mt-6`}>
        Ask one
      </Link>
    </div>
  );
}
