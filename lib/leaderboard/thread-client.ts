import { type Transferable, Worker } from "node:worker_threads";
import { BOARD_COMPUTE_MS_MAX, BOARD_VOTES_IDLE_MS } from "@/lib/job-limits";
import { log } from "@/lib/telemetry/log";
import { threadPath } from "./board-threads";
import type { ThreadAsk, ThreadCall, ThreadReply } from "./thread-messages";

type Open = { resolve: (value: unknown) => void; reject: (error: Error) => void };

/**
 * A thread that answers asks, started with the first one and ended when there was none for a while: with it goes the
 * memory that it holds. One that failed takes the asks of its time with it, and the next one starts another.
 */
export class ThreadClient {
  readonly #role: string | undefined;
  #thread: Worker | undefined;
  readonly #calls = new Map<number, Open>();
  #callCount = 0;
  #idle: NodeJS.Timeout | undefined;

  /** @param role which of the threads of that program; absent: the one that holds the votes. */
  constructor(role?: string) {
    this.#role = role;
  }

  /**
   * @param options.transfer buffers of the ask that become the thread's own.
   * @returns what the thread's function for this ask gives.
   */
  async ask(
    ask: ThreadAsk,
    { signal, transfer = [] }: { signal?: AbortSignal | undefined; transfer?: Transferable[] } = {},
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const thread = this.#open();
    const callId = this.#callCount++;
    const post = (call: ThreadCall, buffers: Transferable[] = []) =>
      thread.postMessage(call, buffers);
    const abort = () => post({ type: "abort", callId });
    const late = setTimeout(abort, BOARD_COMPUTE_MS_MAX);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.set(callId, { resolve, reject });
        post({ type: "call", callId, ask }, transfer);
      });
    } finally {
      clearTimeout(late);
      signal?.removeEventListener("abort", abort);
      this.#rest();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  /** The thread, which holds the process up for nothing. */
  #open(): Worker {
    clearTimeout(this.#idle);
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(threadPath(), { workerData: this.#role });
    thread.unref();
    thread.on("message", (reply: ThreadReply) => this.#hear(reply));
    thread.on("error", (error) => {
      log.error({ err: error }, "a thread that computes boards failed");
      this.#lose(thread, error);
    });
    thread.on("exit", () => this.#lose(thread, new Error("A thread that computes boards ended.")));
    this.#thread = thread;
    return thread;
  }

  #hear(reply: ThreadReply): void {
    const call = this.#calls.get(reply.callId);
    this.#calls.delete(reply.callId);
    if ("value" in reply) call?.resolve(reply.value);
    else call?.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }));
  }

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
