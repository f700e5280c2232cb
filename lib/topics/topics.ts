import { type Database, database } from "@/lib/db/client";
import { type Jobs, jobs } from "@/lib/jobs/jobs";
import { log } from "@/lib/telemetry/log";
import { TOPIC_INTERVAL_SECONDS } from "@/lib/topic-limits";
import { computeTopics } from "./compute-topics";

/** Sorts prompts anew each day, in one process of all. */
export function startTopics({
  db = database(),
  work = jobs(),
}: {
  db?: Database;
  work?: Pick<Jobs, "every">;
} = {}): void {
  work.every("topics", { seconds: TOPIC_INTERVAL_SECONDS }, async ({ signal }) => {
    const result = await computeTopics(db, { signal });
    log.info(result, "topics of battles sorted");
  });
}
