import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { readServedKind } from "@/lib/engine/encoder/served-kind";
import { assert } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
import {
  type EngineCall,
  type EngineThreadData,
  type EngineWorkerData,
  type MessageFromEngine,
  type MessageToEngine,
  toFailure,
} from "./engine-messages";
import { serveDecoder } from "./serve-decoder";
import { serveEncoder } from "./serve-encoder";
import type { ServedModel } from "./served-model";

/**
 * The entry of an engine's thread: one model folder. onnxruntime holds its thread for the length of a
 * step, so the engine lives here and the HTTP server elsewhere; between two steps this thread reads
 * its messages.
 */

const COUNT_INTERVAL_MS = 1_000;

assert(parentPort, "this file is the entry of a worker thread");
// `OnnxThread` is the only one to start this file, with data of this type.
await run(parentPort, workerData as EngineWorkerData);

async function run(port: MessagePort, { data, underWay }: EngineWorkerData): Promise<void> {
  const post = (message: MessageFromEngine) => port.postMessage(message);
  const model = await load(data, post);
  if (!model) return;
  const calls = new Map<number, AbortController>();
  const count = () => Atomics.store(underWay, 0, calls.size);
  // Beside the work: a count that is a second old will do.
  setInterval(
    () => Atomics.store(underWay, 1, model.passCount?.() ?? 0),
    COUNT_INTERVAL_MS,
  ).unref();
  const handle = async (callId: number, call: EngineCall): Promise<void> => {
    const abort = new AbortController();
    calls.set(callId, abort);
    count();
    try {
      if (call.type === "generate") {
        for await (const event of model.generate(call.request, abort.signal)) {
          post({ type: "event", callId, event });
        }
        post({ type: "end", callId });
      } else {
        post({ type: "reply", callId, reply: await model.answer(call, abort.signal) });
      }
    } catch (thrown) {
      post({ type: "failure", callId, failure: toFailure(thrown) });
    } finally {
      calls.delete(callId);
      count();
    }
  };
  port.on("message", (message: MessageToEngine) => {
    if (message.type === "call") void handle(message.callId, message.call);
    else if (message.type === "abort") calls.get(message.callId)?.abort();
    // Closing the port leaves the thread with nothing to wait for.
    else void model.close().finally(() => port.close());
  });
  post({
    type: "loaded",
    offers: [...model.offers],
    slotCount: model.slotCount,
    memory: model.memory.summary,
    memoryBytes: model.memory.bytes,
    form: model.form,
    warnings: [...model.warnings],
  });
}

/** The model, or undefined after saying why not. What is no StartError ends the thread. */
async function load(
  data: EngineThreadData,
  post: (message: MessageFromEngine) => void,
): Promise<ServedModel | undefined> {
  try {
    const isEncoder = (await readServedKind(data.folder)) === "encoder";
    return await (isEncoder ? serveEncoder(data) : serveDecoder(data));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    post({ type: "load-failure", message: error.message, remedy: error.remedy });
    return undefined;
  }
}
