import type { BoardComputer, ComputedBoard } from "./board-engine";
import { ThreadClient } from "./thread-client";

/** Boards computed in threads (board-thread.ts), while the process goes on answering. */
export class BoardWorker implements BoardComputer {
  readonly #thread = new ThreadClient();

  async compute(key: string, signal?: AbortSignal): Promise<ComputedBoard> {
    // The thread's engine answers with what its method gives.
    return (await this.#thread.ask({ what: "compute", key }, { signal })) as ComputedBoard;
  }

  async listKeys(signal?: AbortSignal): Promise<string[]> {
    // As above.
    return (await this.#thread.ask({ what: "list-keys" }, { signal })) as string[];
  }

  async computePast(
    key: string,
    before?: number,
    signal?: AbortSignal,
  ): Promise<number | undefined> {
    const ask = { what: "compute-past", key, before } as const;
    // As above.
    return (await this.#thread.ask(ask, { signal })) as number | undefined;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
