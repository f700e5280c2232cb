import { type Controller, controller } from "@/lib/controller/controller";
import { type Database, database } from "@/lib/db/client";
import { SWEEP_INTERVAL_MS } from "@/lib/fleet-limits";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { wait } from "@/lib/util/wait";
import { sweepStaleAnswers } from "./store";

/** What every action of the arena works with. */
export class Arena {
  readonly db: Database;
  readonly controller: Controller;

  constructor(options: { db: Database; controller: Controller }) {
    this.db = options.db;
    this.controller = options.controller;
  }

  /** Ends answers whose process died, again and again, until the returned function is called. */
  startSweeper(): () => void {
    const stopping = new AbortController();
    void sweepUntil(this.db, stopping.signal);
    return () => stopping.abort();
  }
}

async function sweepUntil(db: Database, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const count = await sweepStaleAnswers(db);
      if (count > 0) log.warn({ count }, "answers of a dead process closed");
      await wait(SWEEP_INTERVAL_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, "sweeping answers failed");
      // The database is away; the next round is as good as this one, but not at once.
      await wait(SWEEP_INTERVAL_MS, signal).catch(() => {
        // Aborted: the loop's condition says so too.
      });
    }
  }
}

/** The arena of this process. */
export function arena(): Arena {
  return processSingleton("arena", () => new Arena({ db: database(), controller: controller() }));
}
