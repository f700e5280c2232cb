import type { VoteColumns } from "@/lib/rating/vote-columns";
import type { BoardHead } from "@/lib/vote-files/board-file";
import { FIT_ROLE } from "./board-threads";
import type { BoardFit, FitTask } from "./fit-board";
import { ThreadClient } from "./thread-client";

/**
 * The second thread, which fits. A style-controlled board of a million votes is a second of numbers in one piece;
 * the overall board, which follows each vote, must not wait behind it in the thread that holds the votes. Boards that
 * are published are computed in one, too.
 */
export class FitWorker {
  readonly #thread = new ThreadClient(FIT_ROLE);

  /** @param task its columns are gone for the caller. */
  async fit(task: FitTask, signal?: AbortSignal): Promise<BoardFit> {
    const asked = this.#thread.ask({ what: "fit", task }, { transfer: buffersOf(task.votes) });
    // The thread's function is `fitBoard`.
    return (await untilAborted(asked, signal)) as BoardFit;
  }

  /** As `computeBoardFile` does. */
  async computeFile(path: string, head: BoardHead, signal?: AbortSignal): Promise<string> {
    // As above.
    return (await this.#thread.ask({ what: "compute-file", path, head }, { signal })) as string;
  }
}

function buffersOf({ modelA, modelB, outcome, style }: VoteColumns): ArrayBuffer[] {
  const columns = [
    ...[modelA, modelB, outcome],
    ...Object.values(style ?? {}).flatMap(({ a, b }) => [a, b]),
  ];
  // No column is shared between threads: each was made by `pick` for this task.
  return columns.map(({ buffer }) => buffer as ArrayBuffer);
}

/** A fit hears of nothing before its end; nobody waits for one that nobody wants. */
async function untilAborted<T>(asked: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return asked;
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([asked, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    asked.catch(() => undefined);
  }
}
