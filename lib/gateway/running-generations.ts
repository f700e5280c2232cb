import { AppError } from "@/lib/errors";
import { processSingleton } from "@/lib/util/process-singleton";
import { Roster } from "@/lib/util/roster";

/** One that can be ended from outside. */
export type RunningGeneration = {
  rosterAt: number;
  /** Its reader is told the reason, with what was written before it. */
  end: (reason: AppError) => void;
};

/** After which a client's next try finds the process that follows, in most cases. */
const RETRY_AFTER_SECONDS = 5;

/**
 * What this process generates, so that answers which are still running when it has to stop end with an error
 * that their readers can read, and not with a connection that is reset.
 */
export class RunningGenerations {
  readonly #running = new Roster<RunningGeneration>();
  #reason: AppError | undefined;
  #emptied: (() => void) | undefined;

  get size(): number {
    return this.#running.size;
  }

  /** After a stop it is ended at once: another model, or the answer's rest, is not begun either. */
  add(generation: RunningGeneration): void {
    if (this.#reason) generation.end(this.#reason);
    else this.#running.add(generation);
  }

  delete(generation: RunningGeneration): void {
    this.#running.delete(generation);
    if (this.#running.size === 0) this.#emptied?.();
  }

  /**
   * Ends all and whatever begins from here on. Resolves once their readers have been handed the reason; a reader
   * that does not read holds it up, so that whoever waits has a limit.
   */
  async stop(): Promise<void> {
    this.#reason ??= new AppError("unavailable", {
      message: "This server is being stopped or started anew. Send the request again in a moment.",
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
    for (const generation of this.#running.members()) generation.end(this.#reason);
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    // From the generation's end to the socket there are promises alone.
    await new Promise(setImmediate);
  }
}

export function runningGenerations(): RunningGenerations {
  return processSingleton("running-generations", () => new RunningGenerations());
}
