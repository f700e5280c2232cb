import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { readServedKind } from "@/lib/engine/encoder/served-kind";
import { Engine } from "@/lib/engine/engine";
import { isAppError } from "@/lib/errors";
import { assert } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
import type { ChatEvent, ChatRequest } from "./chat-source";

/**
 * The entry of the thread behind `--local`: one model folder and whoever sits at the terminal. The engine
 * holds its thread for the length of a step, in which the terminal would not hear a key.
 */

export type LocalThreadData = { folder: string; threadCount: number };

export type ToLocalThread =
  | { type: "ask"; id: number; request: ChatRequest }
  | { type: "abort"; id: number }
  | { type: "close" };

export type FromLocalThread =
  | { type: "loaded"; name: string; warnings: string[] }
  | { type: "load-failure"; message: string; remedy: string }
  | { type: "event"; id: number; event: ChatEvent }
  | { type: "done"; id: number }
  /** What the request is refused for, in words; anything else ends the thread. */
  | { type: "failure"; id: number; message: string };

/** A comparison asks twice at once. */
const SLOTS = 2;

assert(parentPort, "this file is the entry of a worker thread");
// `LocalSource` is the only one to start this file, with data of this type.
await run(parentPort, workerData as LocalThreadData);

async function run(port: MessagePort, data: LocalThreadData): Promise<void> {
  const post = (message: FromLocalThread) => port.postMessage(message);
  const engine = await load(data, post);
  if (!engine) return;
  const calls = new Map<number, AbortController>();
  const ask = async (id: number, request: ChatRequest) => {
    const abort = new AbortController();
    calls.set(id, abort);
    try {
      for await (const event of answer(engine, request, abort.signal)) {
        post({ type: "event", id, event });
      }
      post({ type: "done", id });
    } catch (error) {
      if (!isAppError(error)) throw error;
      post({ type: "failure", id, message: error.message });
    } finally {
      calls.delete(id);
    }
  };
  port.on("message", (message: ToLocalThread) => {
    if (message.type === "ask") void ask(message.id, message.request);
    else if (message.type === "abort") calls.get(message.id)?.abort();
    // Closing the port leaves the thread with nothing to wait for.
    else void engine.close().finally(() => port.close());
  });
  const { files, warnings } = engine.model;
  post({ type: "loaded", name: files.name, warnings });
}

async function load(
  { folder, threadCount }: LocalThreadData,
  post: (message: FromLocalThread) => void,
): Promise<Engine | undefined> {
  try {
    if ((await readServedKind(folder)) === "encoder") {
      throw new StartError({
        message: `${folder} holds a model that reads and does not write.`,
        remedy: "Name the folder of a language model.",
      });
    }
    return await Engine.load(folder, { threadCount, slotCount: SLOTS, mayRunFewerSlots: true });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    post({ type: "load-failure", message: error.message, remedy: error.remedy });
    return undefined;
  }
}

async function* answer(
  engine: Engine,
  { messages, sampling }: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const { maxTokens, ...rest } = sampling;
  const request = { messages: [...messages], sampling: rest, stop: [], maxTokens };
  for await (const event of engine.generate({ ...request, splitReasoning: true }, signal)) {
    if (event.type === "text-delta") yield { type: "text", text: event.text };
    else if (event.type === "reasoning-delta") yield { type: "reasoning", text: event.text };
    else if (event.type === "sequence-end") {
      const { finishReason, promptTokenCount, completionTokenCount } = event;
      const counts = { promptTokens: promptTokenCount, completionTokens: completionTokenCount };
      yield { type: "end", finishReason, ...counts };
    }
  }
}
