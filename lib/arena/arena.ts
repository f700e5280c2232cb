import { type Controller, controller } from "@/lib/controller/controller";
import { type Database, database } from "@/lib/db/client";
import { SWEEP_INTERVAL_MS } from "@/lib/fleet-limits";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import { rules } from "@/lib/rules/rules";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { wait } from "@/lib/util/wait";
import { OpenAnswers } from "./open-answers";
import { PairScoresCopy } from "./pair-scores";
import { Runs } from "./runs";
import { sweepStaleAnswers } from "./store";
import { UnreachableModels } from "./unreachable-models";

/** What every action of the arena works with. */
export class Arena {
  readonly db: Database;
  readonly controller: Controller;
  /** The rules of the game that hold now. */
  readonly rules: { get(): Promise<ArenaSettings> };
  readonly pairScores: PairScoresCopy;
  readonly unreachable = new UnreachableModels();
  /** Turns that this process runs, and the rows of their answers. */
  readonly runs = new Runs();
  readonly openAnswers: OpenAnswers;

  constructor(options: {
    db: Database;
    controller: Controller;
    rules: { get(): Promise<ArenaSettings> };
  }) {
    this.db = options.db;
    this.controller = options.controller;
    this.rules = options.rules;
    this.pairScores = new PairScoresCopy(options.db);
    this.openAnswers = new OpenAnswers(options.db);
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
  return processSingleton(
    "arena",
    () => new Arena({ db: database(), controller: controller(), rules: rules() }),
  );
}
