import type { Arena } from "./arena";
import { type Turn, TurnRun } from "./turn-run";

/** The turns that this process runs: one a conversation. */
export class Runs {
  readonly #runs = new Map<string, TurnRun>();

  begin(arena: Arena, turn: Turn): TurnRun {
    const run = new TurnRun(arena, turn);
    const { conversationId } = turn;
    this.#runs.set(conversationId, run);
    void run.ended.then(() => {
      if (this.#runs.get(conversationId) === run) this.#runs.delete(conversationId);
    });
    return run;
  }

  find(conversationId: string): TurnRun | undefined {
    return this.#runs.get(conversationId);
  }

  /** When nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all([...this.#runs.values()].map((it) => it.ended));
  }

  /** Ends all of them, because this process ends; what was told is kept. */
  async stop(): Promise<void> {
    for (const run of this.#runs.values()) run.stop("exit");
    await this.idle();
  }
}
