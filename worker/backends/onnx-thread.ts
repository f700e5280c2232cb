import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { AppError } from "@/lib/errors";
import { ENGINE_CLOSE_MS_MAX, MODEL_LOAD_MS_MAX } from "@/lib/limits";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import { assert } from "@/lib/util/assert";
import { AsyncQueue } from "@/lib/util/async-queue";
import { StartError } from "@/lib/util/start-error";
import {
  type EngineCall,
  type EngineReply,
  type EngineThreadData,
  type EngineWorkerData,
  fromFailure,
  type MessageFromEngine,
  type MessageToEngine,
} from "../engine-messages";

/** A call that still runs: where its events or its one reply go. */
type OpenCall = {
  take(value: GenerateEvent | EngineReply): void;
  end(): void;
  fail(error: unknown): void;
};

export type OnnxThreadOptions = EngineThreadData & {
  threadUrl: URL;
  /** Told once when the thread ends although nobody closed it. */
  onDeath: (cause: Error) => void;
};

/** The serving side of one engine's thread: calls go out, what comes back finds its caller. */
export class OnnxThread {
  readonly offers: readonly ModelOffer[];
  /** Sequences at once. */
  readonly slotCount: number;
  /** What it takes of memory, in words. */
  readonly memory: string;
  readonly memoryBytes: number;
  /** What the graph was found to be, in words. */
  readonly form: string | undefined;
  readonly warnings: readonly string[];
  readonly #thread: Worker;
  readonly #underWay: Int32Array;
  readonly #calls = new Map<number, OpenCall>();
  readonly #onDeath: (cause: Error) => void;
  #callCount = 0;
  #state: "open" | "closing" | "dead" = "open";

  /**
   * Starts the thread and waits until its model is loaded.
   *
   * @throws StartError when the folder cannot be served; Error when the thread ends or takes too long.
   */
  static async start({ threadUrl, onDeath, ...data }: OnnxThreadOptions): Promise<OnnxThread> {
    const underWay = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
    const workerData: EngineWorkerData = { data, underWay };
    const thread = new Worker(threadUrl, { workerData, name: data.folder });
    try {
      return new OnnxThread(thread, await whenLoaded(thread, data.folder), { underWay, onDeath });
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  private constructor(
    thread: Worker,
    loaded: Extract<MessageFromEngine, { type: "loaded" }>,
    { underWay, onDeath }: { underWay: Int32Array; onDeath: (cause: Error) => void },
  ) {
    this.#underWay = underWay;
    this.offers = loaded.offers;
    this.form = loaded.form;
    this.slotCount = loaded.slotCount;
    this.memory = loaded.memory;
    this.memoryBytes = loaded.memoryBytes;
    this.warnings = loaded.warnings;
    this.#thread = thread;
    this.#onDeath = onDeath;
    thread.on("message", (message: MessageFromEngine) => this.#receive(message));
    thread.on("error", (error) => this.#die(toError(error)));
    thread.on("exit", (code) => this.#die(new Error(`The thread exited with code ${code}.`)));
  }

  /** Calls that the thread has not done with: an aborted one counts until its work has stopped. */
  get underWay(): number {
    return this.#state === "dead" ? 0 : Atomics.load(this.#underWay, 0);
  }

  /** Passes that the model has made, as of a second ago. */
  get passCount(): number {
    return Atomics.load(this.#underWay, 1);
  }

  /** Yields the events of a generation; when `signal` aborts, the iteration just ends. */
  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    if (signal.aborted) return;
    const events = new AsyncQueue<GenerateEvent>();
    const callId = this.#open(
      { type: "generate", request },
      {
        // A generation is answered with events and nothing else.
        take: (event) => events.push(event as GenerateEvent),
        end: () => events.end(),
        fail: (error) => events.fail(error),
      },
    );
    const abort = () => {
      events.discard();
      this.#abort(callId);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      yield* events;
    } finally {
      signal.removeEventListener("abort", abort);
      abort();
    }
  }

  /** One reply to one call. Rejects with the signal's reason on abort. */
  async ask<Reply extends EngineReply>(
    call: Exclude<EngineCall, { type: "generate" }>,
    signal: AbortSignal,
  ): Promise<Reply> {
    signal.throwIfAborted();
    let callId: number | undefined;
    let abort: (() => void) | undefined;
    try {
      return await new Promise<Reply>((resolve, reject) => {
        abort = () => {
          if (callId !== undefined) this.#abort(callId);
          reject(signal.reason);
        };
        signal.addEventListener("abort", abort, { once: true });
        callId = this.#open(call, {
          // The reply has the type that belongs to the call: `answer` in engine-thread.ts.
          take: (reply) => resolve(reply as Reply),
          end: () => assert(false, "a reply ends its call"),
          fail: reject,
        });
      });
    } finally {
      if (abort) signal.removeEventListener("abort", abort);
    }
  }

  /** Ends the thread; what still runs ends without a word. */
  async close(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closing";
    const exited = once(this.#thread, "exit");
    this.#post({ type: "close" });
    // A step cannot be interrupted, only waited for; beyond the limit the thread is ended from outside.
    const late = setTimeout(() => void this.#thread.terminate(), ENGINE_CLOSE_MS_MAX);
    await exited;
    clearTimeout(late);
    for (const call of this.#calls.values()) call.fail(lost());
    this.#calls.clear();
  }

  #open(call: EngineCall, handlers: OpenCall): number {
    if (this.#state !== "open") throw lost();
    const callId = this.#callCount++;
    this.#calls.set(callId, handlers);
    this.#post({ type: "call", callId, call });
    return callId;
  }

  #abort(callId: number): void {
    // A call that has ended has nothing to abort; its id is gone.
    if (this.#calls.delete(callId)) this.#post({ type: "abort", callId });
  }

  #post(message: MessageToEngine): void {
    this.#thread.postMessage(message);
  }

  #receive(message: MessageFromEngine): void {
    assert(!message.type.startsWith("load"), "a thread loads once");
    if (!("callId" in message)) return;
    const call = this.#calls.get(message.callId);
    // What was under way when its call was aborted.
    if (!call) return;
    if (message.type !== "event") this.#calls.delete(message.callId);
    if (message.type === "event") call.take(message.event);
    else if (message.type === "reply") call.take(message.reply);
    else if (message.type === "end") call.end();
    else call.fail(fromFailure(message.failure));
  }

  #die(cause: Error): void {
    if (this.#state !== "open") return;
    this.#state = "dead";
    for (const call of this.#calls.values()) call.fail(lost(cause));
    this.#calls.clear();
    this.#onDeath(cause);
  }
}

function lost(cause?: Error): AppError {
  return new AppError("worker-lost", {
    message: "The worker stopped before the answer was finished. Try again.",
    ...(cause ? { cause } : {}),
  });
}

/** The thread's first message; it sends no other before. */
async function whenLoaded(thread: Worker, folder: string) {
  const abort = AbortSignal.timeout(MODEL_LOAD_MS_MAX);
  const exited = new AbortController();
  thread.once("exit", (code) => exited.abort(new Error(`exited with code ${code}`)));
  let message: MessageFromEngine;
  try {
    // `once` rejects by itself when the thread emits "error".
    [message] = await once(thread, "message", { signal: AbortSignal.any([abort, exited.signal]) });
  } catch (cause) {
    const reason = exited.signal.aborted ? exited.signal.reason : cause;
    throw new Error(`The model in ${folder} could not be loaded: ${toError(reason).message}`, {
      cause,
    });
  }
  if (message.type === "load-failure") {
    throw new StartError({ message: message.message, remedy: message.remedy });
  }
  assert(message.type === "loaded", "a thread first says that it has loaded");
  return message;
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
