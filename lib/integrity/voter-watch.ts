import { VOTERS_WAITING_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { checkVoter } from "./check-voter";

export type WatchContext = { db: Database; rules: { get(): Promise<ArenaSettings> } };

/** Runs the test of votes for visitors who have voted, one after the other and behind everything else. */
export class VoterWatch {
  /** In the order they voted; who votes again meanwhile is looked at once. */
  readonly #waiting = new Map<string, WatchContext>();
  #running: Promise<void> | undefined;

  /** A visitor has voted. Never throws, and nobody waits for it. */
  note(context: WatchContext, visitorId: string): void {
    if (this.#waiting.size >= VOTERS_WAITING_MAX) return;
    this.#waiting.set(visitorId, context);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** When everybody who has voted was looked at. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [visitorId, { db, rules }] = next;
      this.#waiting.delete(visitorId);
      try {
        await checkVoter(db, visitorId, (await rules.get()).integrity);
      } catch (error) {
        // Looked at again at their next vote.
        log.warn({ err: error }, "votes of a visitor not looked at");
      }
    }
  }
}

/** That of this process. */
export function voterWatch(): VoterWatch {
  return processSingleton("voter-watch", () => new VoterWatch());
}
