import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ENGINE_CLOSE_MS_MAX, MODEL_LOAD_MS_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { AsyncQueue } from "@/lib/util/async-queue";
import { StartError } from "@/lib/util/start-error";
import { ChatError } from "./chat-error";
import type { ChatEvent, ChatRequest, ChatSource } from "./chat-source";
import type { FromLocalThread, LocalThreadData, ToLocalThread } from "./local-thread";

/** A model folder in this process: no server, no database, no network. */
export class LocalSource implements ChatSource {
  readonly where = "this process";
  readonly warnings: readonly string[];
  readonly #name: string;
  readonly #thread: Worker;
  readonly #calls = new Map<number, AsyncQueue<ChatEvent>>();
  #count = 0;
  #death: Error | undefined;

  /**
   * @param threadUrl The bundle of local-thread.ts.
   * @throws StartError when the folder cannot be served.
   */
  static async open(folder: string, threadUrl: URL): Promise<LocalSource> {
    const data: LocalThreadData = { folder, threadCount: availableParallelism() };
    const thread = new Worker(threadUrl, { workerData: data, name: folder });
    try {
      // The thread's first message, and `once` rejects by itself when the thread throws.
      const signal = AbortSignal.timeout(MODEL_LOAD_MS_MAX);
      const [message]: FromLocalThread[] = await once(thread, "message", { signal });
      if (message?.type === "loaded") return new LocalSource(thread, message);
      assert(message?.type === "load-failure", "a thread first says whether it has loaded");
      throw new StartError({ message: message.message, remedy: message.remedy });
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  private constructor(
    thread: Worker,
    { name, warnings }: Extract<FromLocalThread, { type: "loaded" }>,
  ) {
    this.#thread = thread;
    this.#name = name;
    this.warnings = warnings;
    thread.on("message", (message: FromLocalThread) => this.#receive(message));
    thread.on("error", (error) => this.#die(error));
    thread.on("exit", () => this.#die(new Error("The thread ended.")));
  }

  async listModels(): Promise<string[]> {
    return [this.#name];
  }

  async *ask(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    if (request.model !== this.#name) {
      throw new ChatError(
        "unknown-model",
        `No model is called ${request.model}.`,
        `The folder's is called ${this.#name}.`,
      );
    }
    if (this.#death) throw this.#lost();
    const id = this.#count++;
    const events = new AsyncQueue<ChatEvent>();
    this.#calls.set(id, events);
    this.#post({ type: "ask", id, request });
    const abort = () => {
      events.discard();
      if (this.#calls.delete(id)) this.#post({ type: "abort", id });
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (!signal.aborted) yield* events;
    } finally {
      signal.removeEventListener("abort", abort);
      abort();
    }
  }

  /** A step cannot be interrupted, only waited for; beyond the limit the thread is ended from outside. */
  async close(): Promise<void> {
    if (this.#death) return;
    const exited = once(this.#thread, "exit");
    this.#post({ type: "close" });
    const late = setTimeout(() => void this.#thread.terminate(), ENGINE_CLOSE_MS_MAX);
    await exited;
    clearTimeout(late);
  }

  #post(message: ToLocalThread): void {
    this.#thread.postMessage(message);
  }

  #receive(message: FromLocalThread): void {
    if (!("id" in message)) return;
    const events = this.#calls.get(message.id);
    // What was under way when its call was aborted.
    if (!events) return;
    if (message.type === "event") {
      events.push(message.event);
      return;
    }
    this.#calls.delete(message.id);
    if (message.type === "done") events.end();
    else events.fail(new ChatError("refused", message.message));
  }

  #die(cause: Error): void {
    this.#death ??= cause;
    for (const events of this.#calls.values()) events.fail(this.#lost());
    this.#calls.clear();
  }

  #lost(): ChatError {
    const remedy = "Start again; it may have run out of memory.";
    return new ChatError("broken-answer", "The model's thread has ended.", remedy, this.#death);
  }
}
