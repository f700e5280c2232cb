import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { BOARD_COMPUTE_MS_MAX, BOARD_VOTES_IDLE_MS } from "@/lib/job-limits";
import { log } from "@/lib/telemetry/log";
import type { BoardHead } from "@/lib/vote-files/board-file";
import type { BoardComputer, ComputedBoard } from "./board-engine";
import type { ThreadAsk, ThreadCall, ThreadReply } from "./thread-messages";

type Open = { resolve: (value: unknown) => void; reject: (error: Error) => void };

const threadPath = () =>
  join(/* turbopackIgnore: true */ process.cwd(), "dist", "board-thread.mjs");

/**
 * Boards computed in a thread, which is started when the first one is asked for and ended when none was for a
 * while: with it go the votes that it holds.
 */
export class BoardWorker implements BoardComputer {
  #thread: Worker | undefined;
  #calls = new Map<number, Open>();
  #callCount = 0;
  #idle: NodeJS.Timeout | undefined;

  async compute(key: string, signal?: AbortSignal): Promise<ComputedBoard> {
    // The thread's engine answers with what its method gives.
    return (await this.#ask({ what: "compute", key }, signal)) as ComputedBoard;
  }

  async listKeys(signal?: AbortSignal): Promise<string[]> {
    // As above.
    return (await this.#ask({ what: "list-keys" }, signal)) as string[];
  }

  /** As `computeBoardFile` does. */
  async computeFile(path: string, head: BoardHead, signal?: AbortSignal): Promise<string> {
    // As above.
    return (await this.#ask({ what: "compute-file", path, head }, signal)) as string;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  async #ask(ask: ThreadAsk, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    const thread = this.#open();
    const callId = this.#callCount++;
    const abort = () => this.#post(thread, { type: "abort", callId });
    const late = setTimeout(abort, BOARD_COMPUTE_MS_MAX);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.set(callId, { resolve, reject });
        this.#post(thread, { type: "call", callId, ask });
      });
    } finally {
      clearTimeout(late);
      signal?.removeEventListener("abort", abort);
      this.#rest();
    }
  }

  #post(thread: Worker, message: ThreadCall): void {
    thread.postMessage(message);
  }

  /** The thread, which holds the process up for nothing. */
  #open(): Worker {
    clearTimeout(this.#idle);
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(threadPath());
    thread.unref();
    thread.on("message", (reply: ThreadReply) => this.#hear(reply));
    thread.on("error", (error) => {
      log.error({ err: error }, "the thread that computes boards failed");
      this.#lose(thread, error);
    });
    thread.on("exit", () =>
      this.#lose(thread, new Error("The thread that computes boards ended.")),
    );
    this.#thread = thread;
    return thread;
  }

  #hear(reply: ThreadReply): void {
    const call = this.#calls.get(reply.callId);
    this.#calls.delete(reply.callId);
    if ("value" in reply) call?.resolve(reply.value);
    else call?.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }));
  }

  /** The next call starts another one. */
  #lose(thread: Worker, error: Error): void {
    if (this.#thread !== thread && this.#thread !== undefined) return;
    this.#thread = undefined;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.reject(error);
  }

  #rest(): void {
    if (this.#calls.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), BOARD_VOTES_IDLE_MS);
    this.#idle.unref();
  }
}
