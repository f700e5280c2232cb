import { arena } from "@/lib/arena/arena";
import { keyRing } from "@/lib/auth/key-ring";
import { controller } from "@/lib/controller/controller";
import { databaseUrl } from "@/lib/db/client";
import { migrateWhenReachable } from "@/lib/db/migrate-when-reachable";
import { jobs } from "@/lib/jobs/jobs";
import { startLabels } from "@/lib/labels/labels";
import { leaderboard } from "@/lib/leaderboard/leaderboard";
import { publications } from "@/lib/leaderboard/publications";
import { startKeepingModels } from "@/lib/models/keep-models";
import { followEnabled } from "@/lib/providers/follow-enabled";
import { relay } from "@/lib/relay/relay";
import { responses } from "@/lib/responses/responses";
import { startSummingDays } from "@/lib/stats/sum-days";
import { log } from "@/lib/telemetry/log";
import { startTopics } from "@/lib/topics/topics";
import { usageFlusher } from "@/lib/usage/flusher";
import { processSingleton } from "@/lib/util/process-singleton";
import { startGate } from "@/lib/util/start-gate";

/**
 * Before the first page: the schema, waited for if the database is not up yet, and the work that runs by
 * itself. Once a process, whoever asks first.
 */
export function boot(): Promise<void> {
  return processSingleton("boot", bootOnce);
}

async function bootOnce(): Promise<void> {
  // A build loads this file too, and has no database.
  if (process.env.NEXT_PHASE === "phase-production-build") return;
  try {
    await migrateWhenReachable(databaseUrl());
  } catch (error) {
    log.fatal({ err: error }, "the database could not be brought to the newest schema");
    // Next would go on and answer 500 to everything.
    process.exit(1);
  }
  startGate().open();
  // So that the first request need not wait for it. Whoever asks hears what is wrong.
  keyRing()
    .get()
    .catch(() => {});
  controller().start();
  arena().startSweeper();
  responses().startSweeper();
  leaderboard().start();
  publications().start();
  startKeepingModels();
  startSummingDays();
  startLabels();
  startTopics();
  jobs().start();
  usageFlusher().start();
  relay()?.start();
  tellLauncher();
}

/** Whoever started this process starts a worker of external models while there are any. */
function tellLauncher(): void {
  if (!process.send) return;
  followEnabled((count) => {
    // To a parent that is gone Node would throw; its absence is heard by another way.
    if (process.connected) process.send?.({ type: "external-models", count });
  }).catch((error: unknown) => log.error({ err: error }, "external models are not followed"));
}
